import { describe, expect, it } from 'vitest';
import { addDomains, hasSeparator, isBelow, splitDomains } from './domains';
import {
  changedFields,
  draftOf,
  isDirty,
  newDraft,
  patchOf,
  renameChanges,
  settingsOf,
  withNegotiation,
  type Draft,
} from './model';
import type { Partner } from '../../api/types';

const partner: Partner = {
  domain: 'xn--mller-kva.example',
  domain_unicode: 'müller.example',
  additional_domains: ['chat.xn--mller-kva.example', 'plain.example'],
  additional_domains_unicode: ['chat.müller.example', 'plain.example'],
  description: 'call Ms\nMüller',
  partner_type: 'Federated',
  tls_negotiation: 'Optional',
  sasl_negotiation: 'Optional',
  support_dialback_negotiation: true,
  enable_keep_alive: false,
  proxy_fqdn: 'proxy.example:5270',
  connection_limit: 7,
  enabled: true,
};

describe('a new partner', () => {
  it('begins at row 2 of the matrix, public unverified', () => {
    expect(newDraft()).toMatchObject({
      partner_type: 'PublicUnverified',
      tls_negotiation: 'Required',
      sasl_negotiation: 'Required',
      support_dialback_negotiation: false,
      enable_keep_alive: true,
      enabled: true,
    });
  });
  it('sends every setting, and none for what is empty', () => {
    expect(settingsOf({ ...newDraft(), domain: ' a.example ' })).toEqual({
      domain: 'a.example',
      description: null,
      additional_domains: [],
      partner_type: 'PublicUnverified',
      tls_negotiation: 'Required',
      sasl_negotiation: 'Required',
      support_dialback_negotiation: false,
      enable_keep_alive: true,
      proxy_fqdn: null,
      connection_limit: null,
      enabled: true,
    });
  });
});

describe('a draft of a partner', () => {
  it('shows the letters of the language', () => {
    const d = draftOf(partner);
    expect(d.domain).toBe('müller.example');
    expect(d.additional_domains).toEqual(['chat.müller.example', 'plain.example']);
  });
  it('is clean as it was read, and sends nothing', () => {
    const d = draftOf(partner);
    expect(isDirty(d, draftOf(partner))).toBe(false);
    expect(patchOf(d, draftOf(partner))).toEqual({});
  });
  const changes: [string, Partial<Draft>, object][] = [
    ['description', { description: 'x' }, { description: 'x' }],
    ['no description', { description: '' }, { description: null }],
    ['limit as typed', { connection_limit: 'many' }, { connection_limit: 'many' }],
    ['no limit', { connection_limit: ' ' }, { connection_limit: null }],
    ['no proxy', { proxy_fqdn: '' }, { proxy_fqdn: null }],
    ['keep-alive', { enable_keep_alive: true }, { enable_keep_alive: true }],
    ['enabled', { enabled: false }, { enabled: false }],
    ['list', { additional_domains: ['a.example'] }, { additional_domains: ['a.example'] }],
    ['type', { partner_type: 'PublicVerified' }, { partner_type: 'PublicVerified' }],
  ];
  it.each(changes)('sends only what is changed: %s', (_, change, sent) => {
    const base = draftOf(partner);
    const mine = { ...base, ...change };
    expect(patchOf(base, mine)).toEqual(sent);
    expect(isDirty(base, mine)).toBe(true);
  });
  it('never sends the key of an existing partner', () => {
    const base = draftOf(partner);
    expect(patchOf(base, { ...base, domain: 'other.example' })).toEqual({});
  });
  it('takes the order and the case of a list, and line ends, for nothing', () => {
    const base = draftOf(partner);
    expect(
      changedFields(base, {
        ...base,
        description: 'call Ms\r\nMüller',
        additional_domains: ['Plain.Example', 'chat.müller.example'],
      }),
    ).toEqual([]);
  });
  it('is dirty while a domain is typed that is not in the list yet', () => {
    const base = draftOf(partner);
    expect(isDirty(base, { ...base, adding: 'b' })).toBe(true);
    expect(isDirty(base, { ...base, adding: '  ' })).toBe(false);
  });
  it('takes a way out as a whole', () => {
    const d = withNegotiation(draftOf(partner), {
      tls_negotiation: 'NotSupported',
      sasl_negotiation: 'NotSupported',
      support_dialback_negotiation: true,
    });
    expect(d).toMatchObject({ tls_negotiation: 'NotSupported', description: 'call Ms\nMüller' });
  });
  it('is renamed by removing and adding, all settings with it', () => {
    const d = { ...draftOf(partner), domain: 'new.example' };
    const [remove, add] = renameChanges(partner.domain, d);
    expect(remove).toEqual({ verb: 'remove', kind: 'partner', key: partner.domain });
    expect(add).toMatchObject({ verb: 'add', kind: 'partner', key: 'new.example' });
    expect(add!.settings).toMatchObject({ connection_limit: '7', description: 'call Ms\nMüller' });
    expect(add!.settings).not.toHaveProperty('domain');
  });
});

describe('lists of domains', () => {
  const lists: [string, string[]][] = [
    ['a.example, b.example', ['a.example', 'b.example']],
    ['a.example、b.example，c.example；d.example', ['a.example', 'b.example', 'c.example', 'd.example']],
    ['a.example; b.example\r\nc.example\td.example', ['a.example', 'b.example', 'c.example', 'd.example']],
    ['\u3000a.example\u3000b.example\u00a0', ['a.example', 'b.example']],
    [' , ;\n', []],
    ['例え.example', ['例え.example']],
  ];
  it.each(lists)('%j', (text, names) => expect(splitDomains(text)).toEqual(names));
  it('adds each once', () => {
    expect(addDomains(['a.example'], 'A.example, b.example b.EXAMPLE')).toEqual([
      'a.example',
      'b.example',
    ]);
  });
  it('knows when to part', () => {
    expect(hasSeparator('a.example')).toBe(false);
    expect(hasSeparator('a.example、')).toBe(true);
  });
  it('knows a sub-domain', () => {
    expect(isBelow('Chat.example.org', 'example.org')).toBe(true);
    expect(isBelow('badexample.org', 'example.org')).toBe(false);
    expect(isBelow('example.org', 'example.org')).toBe(false);
  });
});
