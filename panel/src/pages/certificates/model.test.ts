import { describe, expect, it } from 'vitest';
import type { Stream } from '../../api/types';
import { daysUntil, endingOf, namesOf, partnerCertificates } from './model';

describe('the end of a certificate', () => {
  it.each([
    [-1, 'bad', 'ended', 1], [0, 'bad', 'endsToday', 0], [1, 'warn', 'endsIn', 1], [30, 'warn', 'endsIn', 30],
    [31, 'good', 'endsIn', 31],
  ] as const)('%i days: %s', (days, tone, text, shown) => {
    expect(endingOf(days)).toEqual({ tone, text, days: shown });
  });

  it('is counted in whole days', () => {
    const now = Date.parse('2026-01-01T12:00:00Z');
    expect(daysUntil('2026-01-02T11:59:59Z', now)).toBe(0);
    expect(daysUntil('2026-01-02T12:00:00Z', now)).toBe(1);
    expect(daysUntil('2026-01-01T11:00:00Z', now)).toBe(-1);
  });
});

describe('names', () => {
  it('are parted by commas or blanks', () => {
    expect(namesOf('a.example, b.example c.example')).toEqual(['a.example', 'b.example', 'c.example']);
    expect(namesOf(null)).toEqual([]);
  });
});

describe('certificates of partners', () => {
  const stream = (part: Partial<Stream>) => ({ id: 's1', partner: 'x.example', remote_domain: 'x.example',
    certificate: 'valid', certificate_expires: '2027-01-01T00:00:00Z', ...part }) as Stream;

  it('are one row for streams that show the same', () => {
    const rows = partnerCertificates([stream({}), stream({ id: 's2' }), stream({ id: 's3', remote_domain: 'y.x.example' }),
      stream({ id: 's4', certificate: null })]);
    expect(rows.map((r) => [r.remote, r.streams])).toEqual([['x.example', 2], ['y.x.example', 1]]);
    expect(rows[0]).toMatchObject({ partner: 'x.example', verdict: 'valid', stream: 's1' });
  });
});
