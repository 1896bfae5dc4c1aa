/** Certificates: ours, when they end and what they lack; those that partners show on their streams. */
import { Button, Spinner, Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api, seg } from '../../api/client';
import { areas, useList, useLive } from '../../api/queries';
import type { Certificate, Stream } from '../../api/types';
import { Can } from '../../session';
import { DataList, ErrorPanel, Icon, LinkTo, Page, StateBadge, Time, absolute, useNotify, type Column } from '../../ui';
import { daysUntil, endingOf, missing, partnerCertificates, type PartnerCertificate } from './model';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, overflowWrap: 'anywhere' },
});

function Ends({ at, days }: { at: string | null; days: number }) {
  const { t } = useTranslation();
  const ending = endingOf(days);
  return (
    <>
      <div><StateBadge tone={ending.tone} text={t(`certificates.${ending.text}`, { count: ending.days })} /></div>
      <Time value={at} />
    </>
  );
}

function Details({ c }: { c: Certificate }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <details>
      <summary>{t('certificates.details')}</summary>
      <dl>
        {([['subject', c.subject], ['issuer', c.issuer], ['names', c.names], ['key', c.key], ['purposes', c.purposes],
          ['from', c.not_before ? absolute(c.not_before) : null], ['fingerprint', c.fingerprint]] as const)
          .filter(([, value]) => value).map(([key, value]) => (
            <div key={key}>
              <dt>{t(`certificates.${key}`)}</dt>
              <dd className={key === 'fingerprint' ? styles.mono : undefined}>{value}</dd>
            </div>
          ))}
      </dl>
    </details>
  );
}

function Lacks({ c }: { c: Certificate }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const names = missing(c);
  if (names.length === 0) return <StateBadge tone="good" text={t('certificates.coversAll')} />;
  return (
    <>
      <StateBadge tone="bad" text={t('certificates.lacks', { count: names.length })} />
      <ul className={styles.list}>{names.map((n) => <li key={n}>{n}</li>)}</ul>
    </>
  );
}

function Ours() {
  const { t } = useTranslation();
  const styles = useStyles();
  const list = useList<Certificate>(areas.certificates, '/certificates');
  const columns = useMemo<Column<Certificate>[]>(() => [
    { key: 'name', title: t('certificates.name'), text: (c) => c.name, render: (c) => <>{c.name}<Details c={c} /></> },
    { key: 'domains', title: t('certificates.shownFor'), text: (c) => c.domains.join(', ') },
    { key: 'end', title: t('certificates.end'), text: (c) => c.not_after ?? '', sort: (a, b) => a.days_left - b.days_left,
      render: (c) => <Ends at={c.not_after} days={c.days_left} /> },
    { key: 'lacks', title: t('certificates.coverage'), text: (c) => c.lacks ?? '', render: (c) => <Lacks c={c} /> },
  ], [t]);
  return (
    <section className={styles.part} aria-labelledby="ours-title">
      <Subtitle1 as="h2" id="ours-title">{t('certificates.ours')}</Subtitle1>
      <DataList label={t('certificates.ours')} items={list.data?.items} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(c) => c.name} rowName={(c) => c.name} sortBy="end" empty={<p>{t('certificates.noOurs')}</p>} />
    </section>
  );
}

function Partners() {
  const { t } = useTranslation();
  const styles = useStyles();
  useLive(['stream']);
  const list = useList<Stream>(areas.streams, '/streams');
  const rows = useMemo(() => (list.data ? partnerCertificates(list.data.items) : undefined), [list.data]);
  const columns = useMemo<Column<PartnerCertificate>[]>(() => [
    { key: 'partner', title: t('certificates.partner'), text: (r) => r.partner,
      render: (r) => <LinkTo to={`/federation/partners/${seg(r.partner)}`}>{r.partner}</LinkTo> },
    { key: 'remote', title: t('certificates.domain'), text: (r) => r.remote },
    { key: 'verdict', title: t('certificates.verdict'), text: (r) => r.verdict,
      render: (r) => <StateBadge tone={r.verdict === 'valid' || r.verdict === 'good' ? 'good' : 'warn'} text={r.verdict} /> },
    { key: 'end', title: t('certificates.end'), text: (r) => r.ends ?? '',
      render: (r) => (r.ends ? <Ends at={r.ends} days={daysUntil(r.ends, Date.now())} /> : t('certificates.unknown')) },
    { key: 'streams', title: t('certificates.streams'), text: (r) => String(r.streams), number: true,
      render: (r) => (r.stream ? <LinkTo to={`/streams/${seg(r.stream)}`}>{r.streams}</LinkTo> : r.streams) },
  ], [t]);
  return (
    <section className={styles.part} aria-labelledby="partners-title">
      <Subtitle1 as="h2" id="partners-title">{t('certificates.partners')}</Subtitle1>
      <DataList label={t('certificates.partners')} items={rows} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(r) => r.key} rowName={(r) => r.remote} empty={<p>{t('certificates.noPartners')}</p>} />
    </section>
  );
}

function Reload() {
  const { t } = useTranslation();
  const notify = useNotify();
  const queries = useQueryClient();
  const reload = useMutation({
    mutationFn: () => api.post('/certificates/reload'),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [areas.certificates] });
      notify(t('certificates.reloaded'));
    },
  });
  return (
    <>
      <Button icon={reload.isPending ? <Spinner size="tiny" /> : <Icon name="refresh" />} disabled={reload.isPending}
        onClick={() => reload.mutate()}>
        {t('certificates.reload')}
      </Button>
      {reload.error ? <ErrorPanel error={reload.error} /> : null}
    </>
  );
}

export default function Certificates() {
  const { t } = useTranslation();
  return (
    <Page title={t('nav.certificates')} intro={t('certificates.intro')} actions={<Can right="certificate.reload"><Reload /></Can>}>
      <Ours />
      <Can right="stream.read"><Partners /></Can>
    </Page>
  );
}
