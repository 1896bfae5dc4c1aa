/** One stream: how it was secured, which domain pairs it carries, the certificate of its peer. */
import { Button, Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router-dom';
import { isProblem, seg } from '../../api/client';
import { areas, useLive, useRead } from '../../api/queries';
import type { Pair, Stream } from '../../api/types';
import { Can } from '../../session';
import { ConfirmDialog, Copy, DataList, ErrorPanel, LinkTo, Page, StateBadge, Time } from '../../ui';
import { useCloseStreams } from '.';
import { streamTone } from './tones';

const useStyles = makeStyles({
  facts: { display: 'grid', gridTemplateColumns: 'minmax(8rem, max-content) minmax(0, 1fr)', columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS, margin: 0,
    '& dt': { color: tokens.colorNeutralForeground2 }, '& dd': { margin: 0, overflowWrap: 'anywhere' },
    '@media (max-width: 480px)': { gridTemplateColumns: 'minmax(0, 1fr)' } },
});

function Facts({ rows }: { rows: [string, ReactNode][] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {rows.filter(([, value]) => value !== null && value !== undefined && value !== '').flatMap(([name, value]) =>
        [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  );
}

export default function ShowStream() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const go = useNavigate();
  useLive(['stream']);
  const stream = useRead<Stream>(areas.streams, `/streams/${seg(id)}`);
  const close = useCloseStreams();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const s = stream.data;
  const gone = isProblem(stream.error) && stream.error.status === 404;

  async function closeIt() {
    setError(null);
    try {
      await close([id]);
      go('/streams');
    } catch (e) {
      setError(e);
    }
  }

  return (
    <Page title={t('streams.one', { id })} actions={s && !gone ? (
      <Can right="stream.close"><Button onClick={() => setAsking(true)}>{t('streams.close')}</Button></Can>
    ) : undefined}>
      <div><LinkTo to="/streams">{t('streams.all')}</LinkTo></div>
      {gone ? <p role="status">{t('streams.gone')}</p> : null}
      {stream.error && !gone && !s ? <ErrorPanel error={stream.error} retry={() => void stream.refetch()} /> : null}
      {s ? (
        <>
          <Facts rows={[
            [t('streams.state'), <StateBadge key="s" tone={gone ? 'off' : streamTone(s)} text={t(`streams.is.${gone ? 'closed' : s.state}`)} />],
            [t('streams.partner'), s.partner
              ? <LinkTo key="p" to={`/federation/partners/${seg(s.partner)}`}>{s.partner}</LinkTo> : null],
            [t('streams.direction'), t(`streams.${s.direction}`)],
            [t('streams.peer'), s.peer],
            [t('streams.method'), s.method ? t(`partners.method.${s.method}`, { defaultValue: s.method }) : null],
            [t('streams.tls'), s.tls ? `${s.tls} ${s.cipher ?? ''}` : t('streams.clear')],
            [t('streams.began'), <Time key="b" value={s.began} />],
            [t('streams.since'), <Time key="i" value={s.since} />],
            [t('streams.lastStanza'), <Time key="l" value={s.last_stanza} />],
            [t('streams.stanzas'), `${s.stanzas_in} / ${s.stanzas_out}`],
            [t('streams.bytes'), `${s.bytes_in} / ${s.bytes_out}`],
            [t('streams.queued'), String(s.queued)],
            [t('streams.lastError'), s.last_error_text ? <span key="e" lang="en">{s.last_error_text}</span> : null],
          ]} />
          <Subtitle1 as="h2">{t('streams.pairs')}</Subtitle1>
          <DataList<Pair> label={t('streams.pairs')} items={s.pairs} noSearch empty={<p>{t('streams.noPairs')}</p>}
            rowKey={(p) => `${p.local_domain} ${p.remote_domain}`} rowName={(p) => `${p.local_domain} ${p.remote_domain}`}
            columns={[
              { key: 'local', title: t('streams.local'), text: (p) => p.local_domain },
              { key: 'remote', title: t('streams.remote'), text: (p) => p.remote_domain },
              { key: 'method', title: t('streams.method'), text: (p) => t(`partners.method.${p.method}`, { defaultValue: p.method }) },
              { key: 'since', title: t('streams.since'), text: (p) => p.since ?? '', render: (p) => <Time value={p.since} /> },
            ]} />
          {s.peer_certificate ? (
            <>
              <Subtitle1 as="h2">{t('streams.certificate')}</Subtitle1>
              <Facts rows={[
                [t('streams.verdict'), s.certificate ? <span key="v" lang="en">{s.certificate}</span> : null],
                [t('streams.subject'), s.peer_certificate.subject],
                [t('streams.issuer'), s.peer_certificate.issuer],
                [t('streams.names'), s.peer_certificate.names],
                [t('streams.ends'), <Time key="n" value={s.peer_certificate.not_after} />],
                [t('streams.fingerprint'), <span key="f">{s.peer_certificate.fingerprint}{' '}
                  <Copy text={s.peer_certificate.fingerprint} what={t('streams.fingerprint')} /></span>],
              ]} />
            </>
          ) : null}
        </>
      ) : null}
      <ConfirmDialog open={asking} title={t('streams.closeTitle', { count: 1 })} text={t('streams.closeText')}
        confirm={t('streams.close')} danger error={error} onConfirm={() => void closeIt()} onCancel={() => setAsking(false)} />
    </Page>
  );
}
