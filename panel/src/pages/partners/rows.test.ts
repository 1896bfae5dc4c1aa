import { describe, expect, it } from 'vitest';
import type { Health, Partner, PartnerState } from '../../api/types';
import { newDraft, settingsOf } from './model';
import { byHealth, healthOf, makeRows } from './rows';

function partner(domain: string, more: Partial<Partner> = {}): Partner {
  const settings = settingsOf({ ...newDraft(), domain }) as unknown as Partner;
  return { ...settings, domain_unicode: domain, additional_domains_unicode: [], ...more };
}
function state(domain: string, health: Health): [string, PartnerState] {
  return [domain, { domain, state: health } as PartnerState];
}
const partners = [
  partner('a.example'),
  partner('b.example', { additional_domains: ['chat.b.example'] }),
  partner('c.example', { enabled: false }),
  partner('xn--mller-kva.example', { domain_unicode: 'müller.example' }),
];
const states = new Map([state('a.example', 'connected'), state('b.example', 'failing'), state('c.example', 'idle')]);

describe('the rows of the list', () => {
  it('are found by every name', () => {
    const [a, b, , d] = makeRows(partners, states);
    expect(a!.names).toBe('a.example');
    expect(b!.names).toContain('chat.b.example');
    expect(d!.names.split('\n')).toEqual(['müller.example', 'xn--mller-kva.example']);
  });
  it('say who is switched off before the state does', () => {
    expect(makeRows(partners, states).map(healthOf)).toEqual(['connected', 'failing', 'disabled', undefined]);
  });
  it('sort problems to the top', () => {
    const sorted = makeRows(partners, states).sort(byHealth);
    expect(sorted.map((r) => r.shown)).toEqual(['b.example', 'a.example', 'c.example', 'müller.example']);
  });
  it('stay the same objects where nothing is different', () => {
    const before = makeRows(partners, states);
    const after = makeRows(partners, new Map([...states, state('a.example', 'idle')]), before);
    expect(after.map((r, i) => r === before[i])).toEqual([false, true, true, true]);
  });
});
