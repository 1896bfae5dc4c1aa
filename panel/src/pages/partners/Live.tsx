/** What there is with a partner just now, and what was tried: state, streams, attempts, history. */
import {
  Accordion, AccordionHeader, AccordionItem, AccordionPanel, Button, MessageBar, MessageBarActions, MessageBarBody,
  Subtitle1, Text, makeStyles, tokens,
} from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, AuditEntry, Partner, PartnerState, Stream } from '../../api/types';
import { DataList, settingName, settingValue, StateBadge, Time, type Column, type Tone } from '../../ui';
import { useStream } from './data';
import { Health } from './Health';
import { isBelow } from './domains';

const useStyles = makeStyles({
  box: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  facts: { display: 'grid', gridTemplateColumns: 'minmax(9rem, max-content) minmax(0, 1fr)', margin: 0,
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalL}`,
    '& dt': { color: tokens.colorNeutralForeground2 }, '& dd': { margin: 0, overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' },
    '@media (max-width: 640px)': { gridTemplateColumns: 'minmax(0, 1fr)', '& dd': { marginBottom: tokens.spacingVerticalS } } },
  steps: { margin: 0, paddingInlineStart: tokens.spacingHorizontalXL, display: 'grid', gap: tokens.spacingVerticalXS,
    overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
  head: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
});

/** Names and what they are. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {items.map(([name, value]) => [<dt key={`${name} dt`}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  );
}

export function Section({ title, id, children }: { title: string; id: string; children: ReactNode }) {
  const styles = useStyles();
  return (
    <section className={styles.box} aria-labelledby={id}>
      <Subtitle1 as="h2" id={id}>{title}</Subtitle1>
      {children}
    </section>
  );
}

export function State({ state }: { state: PartnerState }) {
  const { t } = useTranslation();
  return (
    <Section title={t('partners.state.title')} id="partner-state">
      <Facts items={[
        [t('partners.state.all'), <Health state={state.state} />],
        [t('partners.state.outbound'), <Health state={state.outbound} />],
        [t('partners.state.inbound'), <Health state={state.inbound} />],
        [t('partners.state.lastOut'), <Time value={state.last_outbound} />],
        [t('partners.state.lastIn'), <Time value={state.last_inbound} />],
        [t('partners.state.stanzas'), t('partners.state.inOut', { in: state.stanzas_in, out: state.stanzas_out })],
        [t('partners.state.queued'), String(state.queued)],
        [t('partners.state.failures'), String(state.failures)],
        ...(state.last_error ? [[t('partners.state.lastError'), (
          <><Time value={state.last_error_at} short />: <span lang="en">{state.last_error_text || state.last_error}</span></>
        )] as const] : []),
        ...(state.next_attempt ? [[t('partners.state.next'), <Time value={state.next_attempt} short />] as const] : []),
      ]} />
    </Section>
  );
}

const streamTones: Record<string, Tone> = {
  up: 'good', negotiating: 'quiet', connecting: 'quiet', waiting: 'warn', closing: 'off', closed: 'off',
};

function PeerCertificate({ id }: { id: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const { data } = useStream(open ? id : null);
  const c = data?.peer_certificate;
  if (!open)
    return <Button size="small" onClick={() => setOpen(true)}>{t('partners.streams.certificate')}</Button>;
  if (!c) return <Text>{data ? t('partners.streams.noCertificate') : t('list.loading')}</Text>;
  return (
    <Facts items={[
      [t('partners.certificate.subject'), c.subject],
      [t('partners.certificate.names'), c.names],
      [t('partners.certificate.issuer'), c.issuer],
      [t('partners.certificate.until'), <Time value={c.not_after} />],
      [t('partners.certificate.fingerprint'), c.fingerprint],
    ]} />
  );
}

export function Streams({ streams, error }: { streams: Stream[] | undefined; error: unknown }) {
  const { t } = useTranslation();
  const methodName = (m: string | null) => (m ? t([`partners.method.${m}`, 'partners.method.other'], { name: m }) : '–');
  const columns: Column<Stream>[] = [
    { key: 'direction', title: t('partners.streams.direction'), text: (s) => t(`partners.direction.${s.direction}`) },
    {
      key: 'state', title: t('partners.list.state'), text: (s) => t(`partners.streams.state.${s.state}`),
      render: (s) => <StateBadge tone={streamTones[s.state] ?? 'quiet'} text={t(`partners.streams.state.${s.state}`)} />,
    },
    { key: 'pair', title: t('partners.streams.domains'), text: (s) => `${s.local_domain ?? '–'} · ${s.remote_domain ?? '–'}` },
    { key: 'method', title: t('partners.methods.method'), text: (s) => methodName(s.method) },
    { key: 'tls', title: 'TLS', text: (s) => [s.tls, s.cipher].filter(Boolean).join(', ') || '–' },
    {
      key: 'certificate', title: t('partners.streams.certificate'), text: (s) => s.certificate ?? '',
      unsorted: true, render: (s) => (s.id && s.tls ? <PeerCertificate id={s.id} /> : '–'),
    },
    {
      key: 'since', title: t('partners.streams.since'), text: (s) => s.since ?? '',
      render: (s) => <Time value={s.since} short />,
    },
  ];
  return (
    <Section title={t('nav.streams')} id="partner-streams">
      <DataList label={t('nav.streams')} items={streams} error={error} columns={columns} noSearch
        rowKey={(s) => s.id ?? `${s.direction} ${s.local_domain} ${s.remote_domain}`} rowName={(s) => s.id ?? ''}
        empty={<p>{t('partners.streams.none')}</p>} />
    </Section>
  );
}

const attemptTones: Record<string, Tone> = { authenticated: 'good', ended: 'quiet', failed: 'bad', 'under-way': 'quiet' };
const stepTones: Record<string, Tone> = { ok: 'good', warn: 'warn', fail: 'bad' };

/** Sub-domains of the partner that asked for a stream and are not listed. */
export function refusedBelow(partner: Partner, attempts: readonly Attempt[]): string[] {
  const own = [partner.domain, ...partner.additional_domains];
  const known = new Set(own);
  const all = attempts.filter((a) => a.direction === 'in' && a.outcome === 'failed').map((a) => a.remote_domain ?? '');
  return [...new Set(all)].filter((d) => !known.has(d) && own.some((o) => isBelow(d, o))).sort();
}

export function Attempts({ attempts, offers, onOffer }:
  { attempts: readonly Attempt[]; offers: readonly string[]; onOffer?: (domain: string) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Section title={t('partners.attempts.title')} id="partner-attempts">
      {offers.map((name) => (
        <MessageBar key={name} intent="warning" layout="multiline">
          <MessageBarBody>{t('partners.attempts.below', { name })}</MessageBarBody>
          {onOffer ? (
            <MessageBarActions>
              <Button onClick={() => onOffer(name)}>{t('partners.attempts.addBelow', { name })}</Button>
            </MessageBarActions>
          ) : null}
        </MessageBar>
      ))}
      {attempts.length === 0 ? <p>{t('partners.attempts.none')}</p> : null}
      <Accordion collapsible multiple>
        {attempts.map((a) => (
          <AccordionItem key={a.id} value={a.id} data-outcome={a.outcome}>
            <AccordionHeader as="h3">
              <span className={styles.head}>
                <StateBadge tone={attemptTones[a.outcome] ?? 'quiet'} text={t(`partners.attempts.outcome.${a.outcome}`)} />
                <span>{t(`partners.direction.${a.direction}`)}</span>
                <span>{a.remote_domain ?? a.peer}</span>
                <span className={styles.quiet}><Time value={a.began} short /></span>
              </span>
            </AccordionHeader>
            <AccordionPanel>
              {a.reason ? <p>{t('partners.attempts.reason')} <span lang="en">{a.reason}</span></p> : null}
              <ol className={styles.steps}>
                {a.steps.map((s, i) => (
                  <li key={i}>
                    <StateBadge tone={stepTones[s.result] ?? 'quiet'} text={t(`partners.attemptStep.${s.step}`)}
                      title={t(`partners.attempts.result.${s.result}`)} />{' '}
                    <span lang="en">{s.text}</span>{' '}
                    <span className={styles.quiet}>{t('partners.test.ms', { ms: s.ms })}</span>
                  </li>
                ))}
              </ol>
            </AccordionPanel>
          </AccordionItem>
        ))}
      </Accordion>
    </Section>
  );
}

/** The settings that an entry of the audit changed. */
function differences(e: AuditEntry): string[] {
  const names = new Set([...Object.keys(e.before ?? {}), ...Object.keys(e.after ?? {})]);
  return [...names].filter((n) => !n.endsWith('_unicode')
    && JSON.stringify(e.before?.[n]) !== JSON.stringify(e.after?.[n]));
}

export function History({ entries, error }: { entries: AuditEntry[] | undefined; error: unknown }) {
  const { t } = useTranslation();
  const columns: Column<AuditEntry>[] = [
    { key: 'at', title: t('partners.history.at'), text: (e) => e.at, render: (e) => <Time value={e.at} /> },
    { key: 'who', title: t('partners.history.who'), text: (e) => e.who },
    {
      key: 'verb', title: t('partners.history.what'),
      text: (e) => t([`partners.history.verb.${e.verb}`, 'partners.history.verb.other'], { verb: e.verb }),
    },
    {
      key: 'fields', title: t('plan.setting'), unsorted: true, text: () => '',
      render: (e) => (e.verb === 'set' ? differences(e).map((n) => (
        <div key={n}>{t('partners.conflict.change', {
          field: settingName('partner', n), before: settingValue(e.before?.[n]), after: settingValue(e.after?.[n]),
        })}</div>
      )) : '–'),
    },
  ];
  return (
    <Section title={t('partners.history.title')} id="partner-history">
      <DataList label={t('partners.history.title')} items={entries} error={error} columns={columns} noSearch
        sortBy="at" descending pageSize={10} rowKey={(e) => String(e.id)} rowName={(e) => e.at}
        empty={<p>{t('partners.history.none')}</p>} />
    </Section>
  );
}
