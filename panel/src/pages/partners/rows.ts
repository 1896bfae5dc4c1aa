/*
 * The list: partners and how they are, searched, filtered and sorted. Pure, and cheap enough for
 * 10,000 of them at every letter typed.
 */
import type { Health, Partner, PartnerState, PartnerType } from '../../api/types';
import { shownDomain } from './model';

export const HEALTHS: readonly Health[] = ['failing', 'connected', 'idle', 'never', 'disabled'];

export interface Row {
  partner: Partner;
  shown: string;
  /** Absent: not known, or not for this administrator to see. */
  state?: PartnerState;
  /** All that the search looks at, in lower case. */
  text: string;
}

export interface Filter {
  search: string;
  type: PartnerType | '';
  state: Health | '';
  enabled: 'yes' | 'no' | '';
}
export const NO_FILTER: Filter = { search: '', type: '', state: '', enabled: '' };

export const COLUMNS = ['domain', 'partner_type', 'state', 'enabled', 'description'] as const;
export type Column = (typeof COLUMNS)[number];
export interface Sort {
  column: Column;
  descending: boolean;
}

export function rowOf(partner: Partner, state?: PartnerState): Row {
  const shown = shownDomain(partner);
  const words = [
    partner.domain,
    shown,
    ...partner.additional_domains,
    ...(partner.additional_domains_unicode ?? []),
    partner.description ?? '',
  ];
  return { partner, shown, ...(state && { state }), text: words.join('\n').toLowerCase() };
}

export function makeRows(partners: Partner[], states: Map<string, PartnerState>): Row[] {
  return partners.map((p) => rowOf(p, states.get(p.domain)));
}

/** A partner that is switched off is so at once, whatever the last event said. */
export function healthOf(row: Row): Health | undefined {
  if (!row.partner.enabled) return 'disabled';
  return row.state?.state;
}

export function filterRows(rows: Row[], f: Filter): Row[] {
  const words = f.search.toLowerCase().split(/\s+/u).filter(Boolean);
  return rows.filter(
    (r) =>
      words.every((w) => r.text.includes(w)) &&
      (f.type === '' || r.partner.partner_type === f.type) &&
      (f.state === '' || healthOf(r) === f.state) &&
      (f.enabled === '' || r.partner.enabled === (f.enabled === 'yes')),
  );
}

function rank(row: Row): number {
  const health = healthOf(row);
  return health ? HEALTHS.indexOf(health) : HEALTHS.length;
}

/* Without a collator of its own every comparison makes one: a second for 10,000 rows. */
const collator = new Intl.Collator(undefined, { numeric: true });

export function sortRows(rows: Row[], sort: Sort): Row[] {
  const by: Record<Column, (a: Row, b: Row) => number> = {
    domain: () => 0,
    partner_type: (a, b) => collator.compare(a.partner.partner_type, b.partner.partner_type),
    state: (a, b) => rank(a) - rank(b),
    enabled: (a, b) => Number(b.partner.enabled) - Number(a.partner.enabled),
    description: (a, b) =>
      collator.compare(a.partner.description ?? '', b.partner.description ?? ''),
  };
  const sign = sort.descending ? -1 : 1;
  return [...rows].sort(
    (a, b) =>
      sign * (by[sort.column](a, b) || collator.compare(a.partner.domain, b.partner.domain)),
  );
}
