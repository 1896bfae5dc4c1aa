/** The list of partners: live, searched, sorted and filtered; several changed or removed at once. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import type { ChangeRequest } from '../../api/types';
import { Can, useSession } from '../../session';
import {
  DataList, ErrorPanel, Icon, LinkTo, Page, settingName, settingValue, useNotify, type Column, type Filter,
} from '../../ui';
import { usePartners, useStates } from './data';
import { Health } from './Health';
import { TYPES } from './model';
import { editPath, newPath, showPath } from './paths';
import { usePlanned } from './Planned';
import { byHealth, byName, healthOf, HEALTHS, makeRows, type Row } from './rows';

const useStyles = makeStyles({
  bulk: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  names: { display: 'block', fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
});

/** New rows only where something is different. */
function useRows(): { rows: Row[] | undefined; error: unknown; retry(): void } {
  const { data, error, refetch } = usePartners();
  const states = useStates();
  const before = useRef<Row[]>([]);
  const rows = useMemo(() => {
    if (!data) return undefined;
    before.current = makeRows(data, states, before.current);
    return before.current;
  }, [data, states]);
  return { rows, error, retry: () => void refetch() };
}

function useColumns(): Column<Row>[] {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  const write = has('partner.write');
  const live = has('stream.read');
  return useMemo(() => {
    const columns: Column<Row>[] = [
      {
        key: 'domain',
        title: settingName('partner', 'domain'),
        text: (r) => r.names,
        sort: byName,
        render: (r) => (
          <>
            <LinkTo to={write ? editPath(r.partner.domain) : showPath(r.partner.domain)}>{r.shown}</LinkTo>
            {r.shown !== r.partner.domain ? <span className={styles.names}>{r.partner.domain}</span> : null}
          </>
        ),
      },
      {
        key: 'type',
        title: settingName('partner', 'partner_type'),
        text: (r) => settingValue(r.partner.partner_type),
      },
      {
        key: 'description',
        title: settingName('partner', 'description'),
        text: (r) => r.partner.description ?? '',
      },
      {
        key: 'enabled',
        title: settingName('partner', 'enabled'),
        text: (r) => settingValue(r.partner.enabled),
      },
      {
        key: 'details',
        title: t('partners.list.more'),
        text: () => '',
        unsorted: true,
        render: (r) => (
          <LinkTo to={showPath(r.partner.domain)} aria-label={t('partners.list.detailsOf', { name: r.shown })}>
            {t('partners.details')}
          </LinkTo>
        ),
      },
    ];
    if (live)
      columns.splice(2, 0, {
        key: 'state',
        title: t('partners.list.state'),
        text: (r) => (healthOf(r) ? t(`partners.health.${healthOf(r)!}`) : ''),
        sort: byHealth,
        render: (r) => <Health state={healthOf(r)} title={r.state?.last_error_text ?? undefined} />,
      });
    return columns;
  }, [t, styles.names, write, live]);
}

function useFilters(): Filter<Row>[] {
  const { t } = useTranslation();
  const live = useSession().has('stream.read');
  return useMemo(() => {
    const filters: Filter<Row>[] = [
      {
        key: 'type',
        label: settingName('partner', 'partner_type'),
        options: TYPES.map((value) => ({ value, label: settingValue(value) })),
        matches: (r, value) => r.partner.partner_type === value,
      },
      {
        key: 'enabled',
        label: settingName('partner', 'enabled'),
        options: ['true', 'false'].map((value) => ({ value, label: settingValue(value) })),
        matches: (r, value) => String(r.partner.enabled) === value,
      },
    ];
    if (live)
      filters.splice(1, 0, {
        key: 'state',
        label: t('partners.list.state'),
        options: HEALTHS.map((value) => ({ value, label: t(`partners.health.${value}`) })),
        matches: (r, value) => healthOf(r) === value,
      });
    return filters;
  }, [t, live]);
}

export default function Partners() {
  const { t } = useTranslation();
  const styles = useStyles();
  const go = useNavigate();
  const notify = useNotify();
  const { has } = useSession();
  const { rows, error, retry } = useRows();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const planned = usePlanned();
  const several = has('partner.write') && has('config.change');
  const open = (domain: string) => go(has('partner.write') ? editPath(domain) : showPath(domain));

  // What has gone meanwhile is not chosen any more.
  const chosen = useMemo(() => {
    const there = new Set(rows?.map((r) => r.partner.domain));
    return new Set([...selected].filter((d) => there.has(d)));
  }, [rows, selected]);

  function run(what: 'enable' | 'disable' | 'remove') {
    const changes = [...chosen].sort().map((key): ChangeRequest => (what === 'remove'
      ? { verb: 'remove', kind: 'partner', key }
      : { verb: 'set', kind: 'partner', key, settings: { enabled: what === 'enable' } }));
    void planned.run({
      ask: { verb: 'several', changes },
      origin: null,
      mayBeQuiet: false,
      title: t(`partners.bulk.${what}Title`, { count: changes.length }),
      onSaved: (changed) => {
        notify(t(changed ? `partners.bulk.${what}Done` : 'partners.bulk.nothing', { count: changes.length }));
        setSelected(new Set());
      },
    });
  }
  function doubleClick(e: MouseEvent) {
    const target = e.target as HTMLElement;
    const key = target.closest<HTMLElement>('tr[data-key]')?.dataset.key;
    if (key && !target.closest('a, button, input')) open(key);
  }
  function enter(e: KeyboardEvent) {
    const target = e.target as HTMLElement;
    const key = target.closest<HTMLElement>('tr[data-key]')?.dataset.key;
    if (e.key === 'Enter' && key && target.matches('input[type=checkbox]')) open(key);
  }

  return (
    <Page title={t('nav.partners')} actions={
      <Can right="partner.write">
        <Button appearance="primary" icon={<Icon name="add" />} onClick={() => go(newPath)}>{t('action.add')}</Button>
      </Can>
    }>
      {planned.problem ? <ErrorPanel error={planned.problem} /> : null}
      <div onDoubleClick={doubleClick} onKeyDown={enter}>
        <DataList label={t('nav.partners')} items={rows} error={error} retry={retry} columns={useColumns()}
          filters={useFilters()} rowKey={(r) => r.partner.domain} rowName={(r) => r.shown}
          selected={several ? chosen : undefined} onSelect={several ? setSelected : undefined}
          bulk={
            <span className={styles.bulk}>
              {(['enable', 'disable', 'remove'] as const).map((what) => (
                <Button key={what} disabled={planned.busy} onClick={() => run(what)}>{t(`partners.bulk.${what}`)}</Button>
              ))}
            </span>
          }
          empty={<p>{t(has('partner.write') ? 'partners.list.empty' : 'partners.list.emptyRead')}</p>} />
      </div>
      {planned.dialog}
    </Page>
  );
}
