import { describe, expect, it } from 'vitest';
import { inDays, stateOf } from './expiry';

const now = Date.parse('2026-02-27T12:00:00.500Z');

describe('the end of a token', () => {
  it('is so many days from now, to the second', () => {
    expect(inDays(7, now)).toBe('2026-03-06T12:00:00Z');
    expect(inDays(365, now)).toBe('2027-02-27T12:00:00Z');
  });

  it.each([
    [{ revoked: true, expires: '2027-01-01T00:00:00Z' }, 'revoked'],
    [{ revoked: '2026-01-01T00:00:00Z', expires: '2027-01-01T00:00:00Z' }, 'revoked'],
    [{ revoked: false, expires: '2026-02-27T12:00:00Z' }, 'expired'],
    [{ revoked: false, expires: '2026-02-27T12:00:01Z' }, 'valid'],
    [{ revoked: null, expires: null }, 'valid'],
  ] as const)('%j is %s', (token, state) => expect(stateOf(token, now)).toBe(state));
});
