import { describe, expect, it } from 'vitest';
import { answered, bothLists, merge, resolve } from './conflict';
import { newDraft, type Draft } from './model';

const base: Draft = {
  ...newDraft(),
  domain: 'a.example',
  description: 'old',
  additional_domains: ['one.example', 'two.example'],
};

describe('two administrators', () => {
  const cases: [string, Partial<Draft>, Partial<Draft>, string[], string[], Partial<Draft>][] = [
    ['only they', {}, { description: 'theirs' }, ['description'], [], { description: 'theirs' }],
    ['only I', { description: 'mine' }, {}, [], [], { description: 'mine' }],
    ['the same', { enabled: false }, { enabled: false }, [], [], { enabled: false }],
    [
      'different fields',
      { description: 'mine' },
      { connection_limit: '5' },
      ['connection_limit'],
      [],
      { description: 'mine', connection_limit: '5' },
    ],
    [
      'the same field',
      { description: 'mine' },
      { description: 'theirs' },
      [],
      ['description'],
      { description: 'mine' },
    ],
    [
      'some of each',
      { description: 'mine', tls_negotiation: 'Optional' },
      { description: 'theirs', enabled: false },
      ['enabled'],
      ['description'],
      { description: 'mine', tls_negotiation: 'Optional', enabled: false },
    ],
  ];
  it.each(cases)('changed %s', (_, mine, theirs, taken, asked, merged) => {
    const m = merge(base, { ...base, ...mine }, { ...base, ...theirs });
    expect(m.taken).toEqual(taken);
    expect(m.asked).toEqual(asked);
    expect(m.merged).toMatchObject(merged);
  });
  it('keeps what is typed and not yet in the list', () => {
    const m = merge(base, { ...base, adding: 'half' }, { ...base, enabled: false });
    expect(m.merged.adding).toBe('half');
  });
  it('goes on as answered', () => {
    const mine = { ...base, description: 'mine', additional_domains: ['one.example', 'm.example'] };
    const theirs = {
      ...base,
      description: 'theirs',
      additional_domains: ['two.example', 'one.example', 't.example'],
    };
    expect(merge(base, mine, theirs).asked).toEqual(['description', 'additional_domains']);
    expect(answered(['description'], {})).toBe(false);
    expect(answered(['description'], { description: 'mine' })).toBe(true);
    const d = resolve(base, mine, theirs, { description: 'theirs', additional_domains: 'both' });
    expect(d.description).toBe('theirs');
    expect(d.additional_domains).toEqual(['one.example', 'm.example', 't.example']);
    expect(resolve(base, mine, theirs, { description: 'mine' }).description).toBe('mine');
  });
  it('puts lists together without regard to case', () => {
    expect(
      bothLists(
        base,
        { ...base, additional_domains: ['ONE.example', 'new.example'] },
        { ...base, additional_domains: ['one.example', 'NEW.example'] },
      ),
    ).toEqual(['ONE.example', 'new.example']);
  });
});
