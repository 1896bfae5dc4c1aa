import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../api/types';
import { PAGE, differences, isDone, neighbours, noFilters, queryOf } from './model';

const entries = (from: number, n: number) => Array.from({ length: n }, (_, i) => ({ id: from - i }) as AuditEntry);

describe('what an entry made different', () => {
  it('is by name, without what stayed', () => {
    expect(differences({ before: { a: '1', b: ['x'], c: null }, after: { a: '2', b: ['x'], d: true } }))
      .toEqual([{ name: 'a', before: '1', after: '2' }, { name: 'd', before: undefined, after: true }]);
    expect(differences({ before: null, after: { a: '1' } })).toEqual([{ name: 'a', before: undefined, after: '1' }]);
    expect(differences({ before: null, after: null })).toEqual([]);
  });
});

describe('the result', () => {
  it.each([['done', true], ['refused', false]] as const)('%s', (result, done) =>
    expect(isDone({ result })).toBe(done));
});

describe('pages of the log', () => {
  it('ask only for what is filtered', () => {
    expect(queryOf({ ...noFilters, who: ' ann ' }, { before: 10 }))
      .toEqual({ who: 'ann', kind: undefined, key: undefined, verb: undefined, before: 10, after: undefined, limit: PAGE });
  });

  it('go on at the last entry, and back from the first', () => {
    expect(neighbours(entries(200, PAGE), {})).toEqual({ older: { before: 201 - PAGE }, newer: undefined });
    expect(neighbours(entries(100, 3), { before: 101 })).toEqual({ older: undefined, newer: { after: 100 } });
    expect(neighbours(entries(200, PAGE), { after: 100 }).newer).toEqual({ after: 200 });
    expect(neighbours(entries(110, 10), { after: 100 })).toEqual({ older: { before: 101 }, newer: undefined });
    expect(neighbours([], {})).toEqual({ older: undefined, newer: undefined });
  });
});
