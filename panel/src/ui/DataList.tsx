/**
 * A list: search, sort, filters, selection, pages of rows. It holds 10,000 rows because only one
 * page of them is in the document. On a narrow screen each row becomes a card.
 */
import {
  Button, Checkbox, SearchBox, Select, Spinner, Text, makeStyles, mergeClasses, tokens,
} from '@fluentui/react-components';
import { useDeferredValue, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { locale } from '../i18n';
import { ErrorPanel } from './ErrorPanel';
import { Icon } from './icons';

export interface Column<T> {
  key: string;
  title: string;
  /** What is searched, sorted by and shown, unless render or sort say otherwise. */
  text: (item: T) => string;
  render?: (item: T) => ReactNode;
  sort?: (a: T, b: T) => number;
  /** A number: right-aligned. */
  number?: boolean;
  /** Not worth a sort button. */
  unsorted?: boolean;
}

export interface Filter<T> {
  key: string;
  label: string;
  options: { value: string; label: string }[];
  matches: (item: T, value: string) => boolean;
}

export interface DataListProps<T> {
  /** Its name for those who listen. */
  label: string;
  items: readonly T[] | undefined;
  error?: unknown;
  retry?: () => void;
  columns: readonly Column<T>[];
  rowKey: (item: T) => string;
  /** The name of a row: for its check box. */
  rowName: (item: T) => string;
  filters?: readonly Filter<T>[];
  /** With it rows can be chosen. */
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  /** What can be done with the chosen rows. */
  bulk?: ReactNode;
  /** Instead of rows, when there are none at all. */
  empty?: ReactNode;
  sortBy?: string;
  descending?: boolean;
  pageSize?: number;
  noSearch?: boolean;
}

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, alignItems: 'end',
    marginBottom: tokens.spacingVerticalS },
  search: { flexGrow: 1, maxWidth: '24rem', minWidth: '12rem' },
  filter: { display: 'flex', flexDirection: 'column', gap: '2px', minWidth: '10rem' },
  scroll: { overflowX: 'auto', position: 'relative' },
  table: { width: '100%', borderCollapse: 'collapse',
    '@media (max-width: 640px)': { display: 'block', '& thead': { position: 'absolute', left: '-10000px' },
      '& tbody, & tr, & td': { display: 'block' },
      '& td[data-label]::before': { content: 'attr(data-label)', display: 'block',
        fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 } } },
  head: { textAlign: 'start', fontWeight: tokens.fontWeightSemibold, padding: `0 ${tokens.spacingHorizontalS}`,
    height: '40px', borderBottom: `1px solid ${tokens.colorNeutralStroke1}`, whiteSpace: 'nowrap' },
  sort: { padding: '0 4px', minWidth: 'auto', fontWeight: tokens.fontWeightSemibold, marginLeft: '-4px' },
  row: {
    '@media (max-width: 640px)': { borderBottom: `1px solid ${tokens.colorNeutralStroke1}`, paddingBlock: '8px' } },
  chosen: { boxShadow: `inset 4px 0 0 ${tokens.colorBrandStroke1}` },
  cell: { padding: `6px ${tokens.spacingHorizontalS}`, overflowWrap: 'anywhere', verticalAlign: 'middle',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    '@media (max-width: 640px)': { borderBottomStyle: 'none', paddingBlock: '2px' } },
  number: { textAlign: 'end', fontVariantNumeric: 'tabular-nums',
    '@media (max-width: 640px)': { textAlign: 'start' } },
  check: { width: '40px', padding: '0' },
  foot: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, alignItems: 'center',
    marginTop: tokens.spacingVerticalS },
});

/** The next or previous row's link or button, with the arrow keys. */
function moveFocus(e: KeyboardEvent<HTMLTableSectionElement>) {
  if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
  const target = e.target as HTMLElement;
  if (target.matches('select, input:not([type=checkbox]), textarea, [aria-haspopup]')) return;
  const cell = target.closest('td, th');
  const row = target.closest('tr');
  const next = e.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  if (!cell || !next) return;
  const index = [...row!.children].indexOf(cell);
  const to = next.children[index]?.querySelector<HTMLElement>('a, button, input');
  if (to) {
    e.preventDefault();
    to.focus();
  }
}

export function DataList<T>(props: DataListProps<T>) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState({ by: props.sortBy ?? props.columns[0]!.key, down: props.descending ?? false });
  const [filtered, setFiltered] = useState<Record<string, string>>({});
  const [page, setPage] = useState(0);
  const wanted = useDeferredValue(search.trim().toLocaleLowerCase());
  const { items, columns, filters = [], pageSize = 50 } = props;

  const shown = useMemo(() => {
    const collator = new Intl.Collator(locale(), { numeric: true, sensitivity: 'base' });
    const column = columns.find((c) => c.key === sort.by);
    const compare = column?.sort ?? ((a: T, b: T) => collator.compare(column!.text(a), column!.text(b)));
    const rows = (items ?? []).filter((item) =>
      filters.every((f) => !filtered[f.key] || f.matches(item, filtered[f.key]!)) &&
      (!wanted || columns.some((c) => c.text(item).toLocaleLowerCase().includes(wanted))));
    if (column) rows.sort((a, b) => (sort.down ? -compare(a, b) : compare(a, b)));
    return rows;
  }, [items, columns, filters, filtered, wanted, sort]);

  const pages = Math.max(1, Math.ceil(shown.length / pageSize));
  const at = Math.min(page, pages - 1);
  const rows = shown.slice(at * pageSize, (at + 1) * pageSize);
  const selected = props.selected;
  const select = props.onSelect;
  const allHere = rows.length > 0 && rows.every((r) => selected?.has(props.rowKey(r)));
  const someHere = rows.some((r) => selected?.has(props.rowKey(r)));

  function toggle(keys: string[], on: boolean) {
    const next = new Set(selected);
    for (const key of keys) if (on) next.add(key); else next.delete(key);
    select?.(next);
  }

  if (props.error && !items) return <ErrorPanel error={props.error} retry={props.retry} />;
  if (!items) return <Spinner label={t('list.loading')} />;
  if (items.length === 0 && props.empty) return <>{props.empty}</>;

  return (
    <div>
      <div className={styles.bar} role="search" aria-label={props.label}>
        {props.noSearch ? null : (
          <SearchBox className={styles.search} value={search} placeholder={t('list.search')}
            aria-label={t('list.searchIn', { list: props.label })}
            dismiss={{ 'aria-label': t('list.clear') }}
            onChange={(_, data) => { setSearch(data.value); setPage(0); }} />
        )}
        {filters.map((f) => (
          <label key={f.key} className={styles.filter}>
            <Text size={200}>{f.label}</Text>
            <Select value={filtered[f.key] ?? ''} onChange={(_, data) => {
              setFiltered({ ...filtered, [f.key]: data.value });
              setPage(0);
            }}>
              <option value="">{t('list.all')}</option>
              {f.options.map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
            </Select>
          </label>
        ))}
        {select && selected && selected.size > 0 ? (
          <>
            <Text>{t('list.selected', { count: selected.size })}</Text>
            {props.bulk}
            <Button appearance="subtle" onClick={() => select(new Set())}>{t('list.selectNone')}</Button>
          </>
        ) : null}
      </div>
      <div className={styles.scroll}>
        <table className={styles.table} role="table" aria-label={props.label} aria-rowcount={shown.length + 1}>
          <thead role="rowgroup">
            <tr role="row">
              {select ? (
                <th role="columnheader" scope="col" className={mergeClasses(styles.head, styles.check)}>
                  <Checkbox aria-label={t('list.selectPage')} checked={allHere ? true : someHere ? 'mixed' : false}
                    onChange={() => toggle(rows.map(props.rowKey), !allHere)} />
                </th>
              ) : null}
              {columns.map((c) => (
                <th key={c.key} role="columnheader" scope="col"
                  className={mergeClasses(styles.head, c.number && styles.number)}
                  aria-sort={sort.by === c.key ? (sort.down ? 'descending' : 'ascending') : undefined}>
                  {c.unsorted ? c.title : (
                    <Button appearance="transparent" className={styles.sort} iconPosition="after"
                      icon={sort.by === c.key ? <Icon name={sort.down ? 'down' : 'up'} /> : undefined}
                      onClick={() => setSort({ by: c.key, down: sort.by === c.key && !sort.down })}>
                      {c.title}
                    </Button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup" onKeyDown={moveFocus}>
            {rows.map((item, i) => {
              const key = props.rowKey(item);
              const chosen = selected?.has(key) ?? false;
              return (
                <tr key={key} role="row" data-key={key} aria-rowindex={at * pageSize + i + 2}
                  aria-selected={select ? chosen : undefined}
                  className={mergeClasses(styles.row, chosen && styles.chosen)}>
                  {select ? (
                    <td role="cell" className={mergeClasses(styles.cell, styles.check)}>
                      <Checkbox checked={chosen} aria-label={t('list.select', { name: props.rowName(item) })}
                        onChange={(_, data) => toggle([key], data.checked === true)} />
                    </td>
                  ) : null}
                  {columns.map((c) => (
                    <td key={c.key} role="cell" data-label={c.title}
                      className={mergeClasses(styles.cell, c.number && styles.number)}>
                      {c.render ? c.render(item) : c.text(item)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <div className={styles.foot}>
        <Text role="status">
          {shown.length === items.length
            ? t('list.count', { count: items.length })
            : t('list.countOf', { count: shown.length, all: items.length })}
        </Text>
        {pages > 1 ? (
          <>
            <Button icon={<Icon name="left" />} disabled={at === 0} onClick={() => setPage(at - 1)}
              aria-label={t('list.previous')} />
            <Text>{t('list.page', { page: at + 1, pages })}</Text>
            <Button icon={<Icon name="right" />} disabled={at === pages - 1} onClick={() => setPage(at + 1)}
              aria-label={t('list.next')} />
          </>
        ) : null}
      </div>
    </div>
  );
}
