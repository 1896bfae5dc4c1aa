import { describe, expect, it } from 'vitest';
import { groupsOf, sameSet, withReading } from './rights';

const all = ['status.read', 'partner.read', 'partner.write', 'test.run'].map((name) => ({ name, help: name }));

describe('rights', () => {
  it('stand in groups, in the order of the service', () => {
    expect(groupsOf(all).map((g) => [g.name, g.rights.length])).toEqual([['status', 1], ['partner', 2], ['test', 1]]);
  });

  it('to change come with that to see, where there is one', () => {
    expect([...withReading(new Set(), 'partner.write', all)]).toEqual(['partner.write', 'partner.read']);
    expect([...withReading(new Set(['status.read']), 'test.run', all)]).toEqual(['status.read', 'test.run']);
  });

  it('are the same in any order', () => {
    expect(sameSet(['a', 'b'], ['b', 'a'])).toBe(true);
    expect(sameSet(['a'], ['a', 'b'])).toBe(false);
  });
});
