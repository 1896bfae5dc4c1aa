/** How everything is, on one page: partners, messages, certificates, the last changes. */
import { MessageBar, MessageBarBody, MessageBarTitle, Spinner, Subtitle1, Text, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useRates } from '../../api/counters';
import { areas, useList, useLive, useRead } from '../../api/queries';
import type { Certificate, Generation, Health, PartnerState, Status } from '../../api/types';
import { useSession } from '../../session';
import { ErrorPanel, LinkTo, Page, StateBadge, Time } from '../../ui';
import { healthTone } from '../streams/tones';

const Chart = lazy(async () => ({ default: (await import('./Chart')).Chart }));

/** From so many days on a certificate is shown here. */
const soon = 30;
const order: readonly Health[] = ['failing', 'connected', 'idle', 'never', 'disabled'];

const useStyles = makeStyles({
  grid: { display: 'grid', gap: tokens.spacingHorizontalL, alignItems: 'start',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(22rem, 100%), 1fr))' },
  wide: { gridColumn: '1 / -1' },
  card: { minWidth: 0, display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusLarge, border: `1px solid ${tokens.colorNeutralStroke2}`, '& h2': { margin: 0 } },
  states: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXL, listStyleType: 'none', margin: 0, padding: 0 },
  count: { fontSize: tokens.fontSizeHero800, lineHeight: tokens.lineHeightHero800, fontVariantNumeric: 'tabular-nums', display: 'block' },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL, display: 'grid', gap: tokens.spacingVerticalXS,
    overflowWrap: 'anywhere' },
});

function Tile({ title, wide = false, children }: { title: string; wide?: boolean; children: ReactNode }) {
  const styles = useStyles();
  return (
    <section className={mergeClasses(styles.card, wide && styles.wide)} aria-label={title}>
      <Subtitle1 as="h2">{title}</Subtitle1>
      {children}
    </section>
  );
}

/** The content of a tile, or why there is none yet. */
function Read<T>({ query, children }: { query: { data: T | undefined; error: unknown; refetch(): unknown }; children: (data: T) => ReactNode }) {
  const { t } = useTranslation();
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorPanel error={query.error} retry={() => void query.refetch()} />;
  return <Spinner size="small" label={t('list.loading')} />;
}

function Partners() {
  const { t } = useTranslation();
  const styles = useStyles();
  useLive(['partner-state']);
  const states = useList<PartnerState>(areas.states, '/partner-states');
  return (
    <Tile title={t('overview.partners')} wide>
      <Read query={states}>
        {({ items }) => {
          const failing = items.filter((s) => s.state === 'failing');
          return (
            <>
              {items.length === 0 ? <Text>{t('overview.noPartners')}</Text> : (
                <ul className={styles.states}>
                  {order.map((health) => {
                    const n = items.filter((s) => s.state === health).length;
                    return (
                      <li key={health}>
                        <span className={styles.count}>{n}</span>
                        <StateBadge tone={n > 0 ? healthTone(health) : 'quiet'} text={t(`partners.health.${health}`)} />
                      </li>
                    );
                  })}
                </ul>
              )}
              {failing.length > 0 ? (
                <ul className={styles.list}>
                  {failing.slice(0, 10).map((s) => (
                    <li key={s.domain}>
                      <LinkTo to={`/federation/partners/${encodeURIComponent(s.domain)}`}>{s.domain}</LinkTo>
                      {s.last_error_text ? <>: <span lang="en">{s.last_error_text}</span></> : null}
                      {s.last_error_at ? <> (<Time short value={s.last_error_at} />)</> : null}
                    </li>
                  ))}
                  {failing.length > 10 ? <li>{t('plan.more', { count: failing.length - 10 })}</li> : null}
                </ul>
              ) : null}
            </>
          );
        }}
      </Read>
    </Tile>
  );
}

function Messages() {
  const { t } = useTranslation();
  const { rates, latest } = useRates();
  return (
    <Tile title={t('overview.messages')} wide>
      <Suspense fallback={<Spinner size="small" label={t('list.loading')} />}><Chart rates={rates} /></Suspense>
      {latest ? <Text>{t('overview.streams', { in: latest.streams_in, out: latest.streams_out, queued: latest.queued })}</Text> : null}
    </Tile>
  );
}

function Certificates() {
  const { t } = useTranslation();
  const styles = useStyles();
  const certificates = useList<Certificate>(areas.certificates, '/certificates');
  return (
    <Tile title={t('overview.certificates')}>
      <Read query={certificates}>
        {({ items }) => {
          const due = items.filter((c) => c.days_left <= soon || c.warning);
          return due.length === 0 ? <StateBadge tone="good" text={t('overview.certificatesGood', { count: items.length, days: soon })} /> : (
            <ul className={styles.list}>
              {due.map((c) => (
                <li key={c.name}>
                  <StateBadge tone={c.days_left < 0 ? 'bad' : 'warn'}
                    text={c.days_left < 0 ? t('overview.ended') : t('overview.days', { count: c.days_left })} />
                  {' '}<LinkTo to="/certificates">{c.name}</LinkTo>
                  {c.warning ? <>: <span lang="en">{c.warning}</span></> : null}
                </li>
              ))}
            </ul>
          );
        }}
      </Read>
    </Tile>
  );
}

function Changes() {
  const { t } = useTranslation();
  const styles = useStyles();
  const generations = useList<Generation>(areas.generations, '/generations', { query: { limit: 5 } });
  return (
    <Tile title={t('overview.changes')}>
      <Read query={generations}>
        {({ items }) => items.length === 0 ? <Text>{t('overview.noChanges')}</Text> : (
          <ul className={styles.list}>
            {items.slice(0, 5).map((g) => (
              <li key={g.generation}>
                <Time short value={g.at} /> <LinkTo to="/history">{t('overview.generation', { number: g.generation })}</LinkTo>
                {' '}{g.who}: {g.summary}
              </li>
            ))}
          </ul>
        )}
      </Read>
    </Tile>
  );
}

/** What keeps messages from flowing. */
function Hints() {
  const { t } = useTranslation();
  const status = useRead<Status>(areas.status, '/status');
  return (
    <>
      {(status.data?.hints ?? []).map((h) => (
        <MessageBar key={h.code} intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t('overview.hint')}</MessageBarTitle>
            {t([`hint.${h.code}`, 'hint.other'], { text: h.text })}
          </MessageBarBody>
        </MessageBar>
      ))}
    </>
  );
}

export default function Overview() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  return (
    <Page title={t('nav.overview')}>
      <Hints />
      <div className={styles.grid}>
        {has('stream.read') ? <Partners /> : null}
        <Messages />
        {has('certificate.read') ? <Certificates /> : null}
        {has('generation.read') ? <Changes /> : null}
      </div>
    </Page>
  );
}
