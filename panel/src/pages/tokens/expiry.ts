/** When a token ends: a number of days from now, or the end of a day. Pure. */
export const DAYS = [7, 30, 90, 365] as const;

export function inDays(days: number, now: number): string {
  return new Date(now + days * 86400000).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export type State = 'revoked' | 'expired' | 'valid';

export function stateOf(t: { revoked: boolean | string | null; expires: string | null }, now: number): State {
  if (t.revoked) return 'revoked';
  return t.expires && Date.parse(t.expires) <= now ? 'expired' : 'valid';
}
