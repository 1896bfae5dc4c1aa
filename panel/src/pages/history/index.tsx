/** Configuration history: every generation, what differs between two, and the way back to one. */
import {
  Button, Field, MessageBar, MessageBarBody, Select, Spinner, Subtitle1, Text, makeStyles, tokens,
} from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';
import { api } from '../../api/client';
import { areas, changed, useList, useRead } from '../../api/queries';
import type { Changed, Generation, PlannedChange } from '../../api/types';
import type { Work } from '../../objects/commit';
import { useCommit } from '../../objects/useCommit';
import { Can } from '../../session';
import { DataList, Differences, ErrorPanel, Page, StateBadge, Time, absolute, useNotify, type Column } from '../../ui';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0, maxWidth: '60rem' },
  choose: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, alignItems: 'end' },
});

/** The plan is always shown: a way back changes many things at once. */
const restoreWork = (generation: number): Work => ({
  send: async ({ dryRun, generation: at }) => (await api.post<Changed>(`/generations/${generation}/restore`,
    { body: {}, dryRun, ifMatch: dryRun ? undefined : at })).data,
  alwaysShow: true,
});

function Restore({ generation, current }: { generation: number; current: number }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const queries = useQueryClient();
  const commit = useCommit({
    title: t('history.restoreTitle', { generation }),
    label: t('history.restore'),
    children: <Text>{t('history.restoreText')}</Text>,
    onSaved: (done) => {
      void changed(queries);
      notify(t('history.restored', { generation, now: done.generation }));
    },
  });
  return (
    <>
      {generation === current ? null : (
        <Button size="small" disabled={commit.busy} icon={commit.busy ? <Spinner size="tiny" /> : undefined}
          aria-label={t('history.restoreTo', { generation })} onClick={() => commit.run(restoreWork(generation))}>
          {t('history.restore')}
        </Button>
      )}
      {commit.problem ? <ErrorPanel error={commit.problem} /> : null}
      {commit.dialog}
    </>
  );
}

function label(g: Generation): string {
  return `${g.generation} (${absolute(g.at)}, ${g.who})`;
}

/** What is different in `to` against `from`. */
function Diff({ items, from, to, onChoose }: {
  items: readonly Generation[];
  from: number;
  to: number;
  onChoose(from: number, to: number): void;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const diff = useRead<{ changes: PlannedChange[] }>(areas.generations, `/generations/${from}/diff`, { query: { against: to } });
  const options = items.map((g) => <option key={g.generation} value={g.generation}>{label(g)}</option>);
  return (
    <section className={styles.part} aria-labelledby="diff-title">
      <Subtitle1 as="h2" id="diff-title">{t('history.diff')}</Subtitle1>
      <div className={styles.choose}>
        <Field label={t('history.from')}>
          <Select value={String(from)} onChange={(_, d) => onChoose(Number(d.value), to)}>{options}</Select>
        </Field>
        <Field label={t('history.to')}>
          <Select value={String(to)} onChange={(_, d) => onChoose(from, Number(d.value))}>{options}</Select>
        </Field>
      </div>
      {diff.error ? <ErrorPanel error={diff.error} retry={() => void diff.refetch()} /> : null}
      {diff.isPending && !diff.error ? <Spinner label={t('list.loading')} /> : null}
      {diff.data?.changes.length === 0 ? <Text>{t('history.same')}</Text> : null}
      {diff.data?.changes.map((c) => <Differences key={`${c.kind} ${c.key}`} change={c} />)}
    </section>
  );
}

function way(g: Generation): string {
  const key = `audit.way.${g.way}`;
  return i18next.exists(key) ? i18next.t(key) : g.way;
}

export default function History() {
  const { t } = useTranslation();
  const list = useList<Generation>(areas.generations, '/generations', { query: { limit: 1000 } });
  const items = list.data?.items;
  const current = useMemo(() => Math.max(0, ...(items ?? []).map((g) => g.generation)), [items]);
  const [params, setParams] = useSearchParams();
  const to = Number(params.get('to') ?? 0);
  const from = Number(params.get('from') ?? 0);
  const choose = (a: number, b: number) => setParams({ from: String(a), to: String(b) }, { replace: true });
  const before = (g: number) => (items ?? []).map((x) => x.generation).filter((n) => n < g).sort((a, b) => b - a)[0];
  const columns: Column<Generation>[] = [
    { key: 'generation', title: t('history.generation'), text: (g) => String(g.generation), number: true,
      sort: (a, b) => a.generation - b.generation },
    { key: 'at', title: t('history.at'), text: (g) => g.at, render: (g) => <Time value={g.at} /> },
    { key: 'who', title: t('history.who'), text: (g) => `${g.who} (${way(g)})` },
    { key: 'summary', title: t('history.summary'), text: (g) => g.summary,
      render: (g) => <>{g.summary} {g.generation === current ? <StateBadge tone="good" text={t('history.current')} /> : null}</> },
    { key: 'actions', title: t('objects.actions'), text: () => '', unsorted: true, render: (g) => (
      <>
        {before(g.generation) === undefined ? null : (
          <Button size="small" aria-label={t('history.showDiffOf', { generation: g.generation })}
            onClick={() => choose(before(g.generation)!, g.generation)}>{t('history.showDiff')}</Button>
        )}
        <Can right="generation.restore"><Restore generation={g.generation} current={current} /></Can>
      </>
    ) },
  ];
  const known = (n: number) => (items ?? []).some((g) => g.generation === n);
  return (
    <Page title={t('nav.history')} intro={t('history.intro')}>
      {items && known(from) && known(to) ? <Diff items={items} from={from} to={to} onChoose={choose} /> : null}
      {items && (from || to) && !(known(from) && known(to))
        ? <MessageBar><MessageBarBody>{t('history.unknown')}</MessageBarBody></MessageBar> : null}
      <DataList label={t('nav.history')} items={items} error={list.error} retry={() => void list.refetch()} columns={columns}
        rowKey={(g) => String(g.generation)} rowName={(g) => String(g.generation)} sortBy="generation" descending />
    </Page>
  );
}
