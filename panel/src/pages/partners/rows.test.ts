import { describe, expect, it } from 'vitest';
import type { Health, Partner, PartnerState } from '../../api/types';
import { newDraft, settingsOf } from './model';
import { filterRows, makeRows, NO_FILTER, sortRows } from './rows';

function partner(domain: string, more: Partial<Partner> = {}): Partner {
  return { ...(settingsOf({ ...newDraft(), domain }) as unknown as Partner), ...more };
}
function state(domain: string, health: Health): [string, PartnerState] {
  return [domain, { domain, state: health } as PartnerState];
}
const rows = makeRows(
  [
    partner('a10.example', { description: 'Ms Ünal' }),
    partner('a9.example', { partner_type: 'Federated', additional_domains: ['chat.b.example'] }),
    partner('c.example', { enabled: false }),
    partner('xn--mller-kva.example', { domain_unicode: 'müller.example' }),
  ],
  new Map([
    state('a10.example', 'connected'),
    state('a9.example', 'failing'),
    state('c.example', 'idle'),
  ]),
);
const names = (r: typeof rows) => r.map((x) => x.partner.domain.split('.')[0]);

describe('the list of partners', () => {
  const filters: [object, string[]][] = [
    [{ search: 'ünal' }, ['a10']],
    [{ search: 'CHAT.b' }, ['a9']],
    [{ search: 'müller' }, ['xn--mller-kva']],
    [{ search: 'xn--mller' }, ['xn--mller-kva']],
    [{ search: 'a example' }, ['a10', 'a9', 'c', 'xn--mller-kva']],
    [{ type: 'Federated' }, ['a9']],
    [{ state: 'failing' }, ['a9']],
    [{ state: 'disabled' }, ['c']],
    [{ enabled: 'no' }, ['c']],
    [{ enabled: 'yes', type: 'PublicUnverified' }, ['a10', 'xn--mller-kva']],
  ];
  it.each(filters)('filtered by %j', (filter, wanted) => {
    expect(names(filterRows(rows, { ...NO_FILTER, ...filter }))).toEqual(wanted);
  });
  it('sorts by name, numbers as numbers', () => {
    expect(names(sortRows(rows, { column: 'domain', descending: false }))).toEqual([
      'a9',
      'a10',
      'c',
      'xn--mller-kva',
    ]);
  });
  it('sorts problems to the top', () => {
    expect(names(sortRows(rows, { column: 'state', descending: false }))[0]).toBe('a9');
  });
  it('is quick with 10,000', () => {
    const many = makeRows(
      Array.from({ length: 10000 }, (_, n) => partner(`p${n}.example`, { description: `d${n % 7}` })),
      new Map(),
    );
    const begin = performance.now();
    const shown = sortRows(filterRows(many, { ...NO_FILTER, search: 'p1' }), {
      column: 'description',
      descending: true,
    });
    expect(shown).toHaveLength(1111);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});
