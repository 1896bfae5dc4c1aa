/** Audit: who did what, when, from where and with what result; and whether the log is whole. */
import {
  Button, Field, Input, MessageBar, MessageBarBody, MessageBarTitle, Select, Spinner, Text, makeStyles, tokens,
} from '@fluentui/react-components';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { areas } from '../../api/queries';
import type { AuditEntry, AuditVerdict, Items } from '../../api/types';
import { ErrorPanel, Form, Icon, Page, StateBadge, Time, settingName, settingValue } from '../../ui';
import { differences, isDone, neighbours, noFilters, queryOf, type Filters, type Place } from './model';

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, alignItems: 'end', maxWidth: 'none',
    flexDirection: 'row' },
  log: { listStyleType: 'none', margin: 0, padding: 0, display: 'flex', flexDirection: 'column' },
  entry: { padding: `${tokens.spacingVerticalS} 0`, borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXS, overflowWrap: 'anywhere' },
  head: { display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalM, alignItems: 'baseline' },
  what: { fontWeight: tokens.fontWeightSemibold },
  quiet: { color: tokens.colorNeutralForeground2 },
  table: { borderCollapse: 'collapse', width: '100%',
    '& th, & td': { textAlign: 'start', padding: '2px 8px', verticalAlign: 'top', overflowWrap: 'anywhere' } },
  pages: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

/** The service's word, in the reader's language where there is one. */
function word(group: string, value: string): string {
  const key = `${group}.${value}`;
  return i18next.exists(key) ? i18next.t(key) : value;
}

/** Who did something by what way and from where. */
function origin(e: AuditEntry): string {
  return [word('audit.way', e.way), e.from ?? ''].filter(Boolean).join(', ');
}

function Changes({ e }: { e: AuditEntry }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const rows = differences(e);
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>{t('audit.changes', { count: rows.length })}</summary>
      <table className={styles.table}>
        <thead>
          <tr><th scope="col">{t('plan.setting')}</th><th scope="col">{t('plan.before')}</th><th scope="col">{t('plan.after')}</th></tr>
        </thead>
        <tbody>
          {rows.map((d) => (
            <tr key={d.name}>
              <th scope="row">{settingName(e.kind, d.name)}</th>
              <td>{settingValue(d.before)}</td>
              <td>{settingValue(d.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Entry({ e }: { e: AuditEntry }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <li className={styles.entry} data-id={e.id}>
      <div className={styles.head}>
        <Time value={e.at} />
        <span className={styles.what}>
          {t('audit.entry', { verb: word('audit.verb', e.verb), kind: word('kind', e.kind), key: e.key ?? '' })}
        </span>
        <StateBadge tone={isDone(e) ? 'good' : 'warn'} text={isDone(e) ? t('audit.done') : word('problem.short', e.result)} />
      </div>
      <div className={styles.head}>
        <span>{t('audit.by', { who: e.who })}</span>
        <span className={styles.quiet}>{origin(e)}</span>
        {e.generation ? <span className={styles.quiet}>{t('audit.generation', { generation: e.generation })}</span> : null}
        <span className={styles.quiet}>{t('audit.id', { id: e.id })}</span>
      </div>
      <Changes e={e} />
    </li>
  );
}

const kinds = ['partner', 'domain', 'route', 'policy', 'grant', 'gateway', 'access', 'administrator', 'role', 'token',
  'directory', 'binding', 'session', 'stream', 'certificate', 'generation'];
const verbs = ['add', 'set', 'remove', 'restore', 'sign-in', 'sign-out', 'refused'];

function FilterBar({ filters, onChange }: { filters: Filters; onChange(f: Filters): void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [typed, setTyped] = useState(filters);
  const choose = (part: Partial<Filters>) => {
    setTyped({ ...typed, ...part });
    onChange({ ...typed, ...part });
  };
  return (
    <Form onSubmit={() => onChange(typed)} className={styles.filters} role="search" aria-label={t('audit.filter')}>
      <Field label={t('audit.who')}>
        <Input value={typed.who} onChange={(_, d) => setTyped({ ...typed, who: d.value })} />
      </Field>
      <Field label={t('audit.kind')}>
        <Select value={typed.kind} onChange={(_, d) => choose({ kind: d.value })}>
          <option value="">{t('list.all')}</option>
          {kinds.map((k) => <option key={k} value={k}>{word('kind', k)}</option>)}
        </Select>
      </Field>
      <Field label={t('audit.key')}>
        <Input value={typed.key} onChange={(_, d) => setTyped({ ...typed, key: d.value })} />
      </Field>
      <Field label={t('audit.action')}>
        <Select value={typed.verb} onChange={(_, d) => choose({ verb: d.value })}>
          <option value="">{t('list.all')}</option>
          {verbs.map((v) => <option key={v} value={v}>{word('audit.verb', v)}</option>)}
        </Select>
      </Field>
      <Button type="submit" icon={<Icon name="search" />}>{t('audit.search')}</Button>
      <Button appearance="subtle" onClick={() => {
        setTyped(noFilters);
        onChange(noFilters);
      }}>{t('audit.clear')}</Button>
    </Form>
  );
}

function Verify() {
  const { t } = useTranslation();
  const verify = useMutation({ mutationFn: async () => (await api.get<AuditVerdict>('/audit/verify')).data });
  const verdict = verify.data;
  return (
    <>
      <div>
        <Button disabled={verify.isPending} icon={verify.isPending ? <Spinner size="tiny" /> : <Icon name="ok" />}
          onClick={() => verify.mutate()}>
          {t('audit.verify')}
        </Button>
      </div>
      <div role="status">
        {verdict ? (
          <MessageBar intent={verdict.ok ? 'success' : 'error'} layout="multiline">
            <MessageBarBody>
              <MessageBarTitle>{t(verdict.ok ? 'audit.whole' : 'audit.notWhole')}</MessageBarTitle>
              {t('audit.lines', { count: verdict.lines })}
              {verdict.problems.length > 0 ? (
                <ul>
                  {verdict.problems.slice(0, 50).map((p, i) => (
                    <li key={i}>{t('audit.problem', { id: p.id, what: word('audit.broken', p.code) })} <span lang="en">{p.text}</span></li>
                  ))}
                </ul>
              ) : null}
            </MessageBarBody>
          </MessageBar>
        ) : null}
      </div>
      {verify.error ? <ErrorPanel error={verify.error} /> : null}
    </>
  );
}

export default function Audit() {
  const { t } = useTranslation();
  const styles = useStyles();
  const [filters, setFilters] = useState(noFilters);
  const [place, setPlace] = useState<Place>({});
  const query = queryOf(filters, place);
  const log = useQuery({
    queryKey: [areas.audit, '/audit', query],
    queryFn: async ({ signal }) => (await api.get<Items<AuditEntry>>('/audit', { query, signal })).data.items,
    placeholderData: keepPreviousData,
  });
  const items = log.data ?? [];
  const { older, newer } = neighbours(items, place);
  return (
    <Page title={t('nav.audit')} intro={t('audit.intro')}>
      <Verify />
      <FilterBar filters={filters} onChange={(f) => {
        setFilters(f);
        setPlace({});
      }} />
      {log.error ? <ErrorPanel error={log.error} retry={() => void log.refetch()} /> : null}
      {log.isPending ? <Spinner label={t('list.loading')} /> : null}
      {log.data && items.length === 0 ? <Text>{t('audit.empty')}</Text> : null}
      <ol className={styles.log} aria-label={t('nav.audit')}>{items.map((e) => <Entry key={e.id} e={e} />)}</ol>
      <div className={styles.pages}>
        <Button disabled={!newer} onClick={() => newer && setPlace(newer)}>{t('audit.newer')}</Button>
        <Button disabled={!older} onClick={() => older && setPlace(older)}>{t('audit.older')}</Button>
        {place.before || place.after ? <Button appearance="subtle" onClick={() => setPlace({})}>{t('audit.newest')}</Button> : null}
      </div>
    </Page>
  );
}
