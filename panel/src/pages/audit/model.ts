/** The audit log as the page shows it. Pure. */
import type { AuditEntry } from '../../api/types';

export interface Difference {
  name: string;
  before: unknown;
  after: unknown;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** What an entry made different, by names; what stayed is left out. */
export function differences(e: Pick<AuditEntry, 'before' | 'after'>): Difference[] {
  const names = [...new Set([...Object.keys(e.before ?? {}), ...Object.keys(e.after ?? {})])];
  return names.map((name) => ({ name, before: e.before?.[name], after: e.after?.[name] }))
    .filter((d) => !same(d.before, d.after));
}

/** Done, or refused and why. */
export const isDone = (e: Pick<AuditEntry, 'result'>) => e.result === 'done';

export interface Filters {
  who: string;
  kind: string;
  key: string;
  verb: string;
}
export const noFilters: Filters = { who: '', kind: '', key: '', verb: '' };

export const PAGE = 50;

/** One page of the log: older than `before`, or newer than `after`. */
export interface Place {
  before?: number;
  after?: number;
}

export function queryOf(f: Filters, place: Place): Record<string, string | number | undefined> {
  const text = (s: string) => s.trim() || undefined;
  return { who: text(f.who), kind: text(f.kind), key: text(f.key), verb: text(f.verb), before: place.before, after: place.after,
    limit: PAGE };
}

/** Where the older and the newer page begin; undefined: there is none. */
export function neighbours(items: readonly AuditEntry[], place: Place): { older?: Place; newer?: Place } {
  const first = items[0];
  const last = items[items.length - 1];
  return {
    older: last && (items.length >= PAGE || place.after !== undefined) ? { before: last.id } : undefined,
    newer: first && (place.before !== undefined || (place.after !== undefined && items.length >= PAGE))
      ? { after: first.id } : undefined,
  };
}
