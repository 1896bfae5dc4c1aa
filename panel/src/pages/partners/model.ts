/*
 * A partner as the API has it, and as it stands in the form: a draft is text as it was typed. The
 * rules for values live in the daemon; here is only how the one becomes the other.
 */
import type { Kind, Level, Partner, PartnerType } from '../../api/types';

export const LEVELS: readonly Level[] = ['Required', 'Optional', 'NotSupported'];
export const TYPES: readonly PartnerType[] = ['Federated', 'PublicVerified', 'PublicUnverified'];

/** The three settings that together say which methods there are. */
export interface Negotiation {
  tls_negotiation: Level;
  sasl_negotiation: Level;
  support_dialback_negotiation: boolean;
}

export interface Draft extends Negotiation {
  domain: string;
  description: string;
  additional_domains: string[];
  /** What stands in the box for a further domain and is not in the list yet. */
  adding: string;
  partner_type: PartnerType;
  enable_keep_alive: boolean;
  proxy_fqdn: string;
  connection_limit: string;
  enabled: boolean;
}

/** The fields in the order of the manual, then those that only the shell had. */
export const FIELDS = [
  'domain',
  'description',
  'additional_domains',
  'partner_type',
  'tls_negotiation',
  'sasl_negotiation',
  'support_dialback_negotiation',
  'enable_keep_alive',
  'proxy_fqdn',
  'connection_limit',
  'enabled',
] as const;
export type Field = (typeof FIELDS)[number];
export const ADVANCED: readonly Field[] = [
  'enable_keep_alive',
  'proxy_fqdn',
  'connection_limit',
  'enabled',
];
export const NEGOTIATION: readonly Field[] = [
  'tls_negotiation',
  'sasl_negotiation',
  'support_dialback_negotiation',
];

export function isField(name: string | undefined | null): name is Field {
  return (FIELDS as readonly string[]).includes(name ?? '');
}

/**
 * Where a new partner begins: row 2 of the matrix. The shell keeps the cmdlet's defaults (row 1,
 * where dialback is on and does nothing); a page that warns before anybody has typed would be wrong.
 */
export function newDraft(): Draft {
  return {
    domain: '',
    description: '',
    additional_domains: [],
    adding: '',
    partner_type: 'PublicUnverified',
    tls_negotiation: 'Required',
    sasl_negotiation: 'Required',
    support_dialback_negotiation: false,
    enable_keep_alive: true,
    proxy_fqdn: '',
    connection_limit: '',
    enabled: true,
  };
}

/** As people read it: with the letters of its language, not as DNS has it. */
export function shownDomain(p: { domain: string; domain_unicode?: string }): string {
  return p.domain_unicode || p.domain;
}

export function draftOf(p: Partner): Draft {
  return {
    domain: shownDomain(p),
    description: p.description ?? '',
    additional_domains: [...(p.additional_domains_unicode ?? p.additional_domains)],
    adding: '',
    partner_type: p.partner_type,
    tls_negotiation: p.tls_negotiation,
    sasl_negotiation: p.sasl_negotiation,
    support_dialback_negotiation: p.support_dialback_negotiation,
    enable_keep_alive: p.enable_keep_alive,
    proxy_fqdn: p.proxy_fqdn ?? '',
    connection_limit: p.connection_limit === null ? '' : String(p.connection_limit),
    enabled: p.enabled,
  };
}

/* The order of a list and the case of a name say nothing. */
function domainSet(names: string[]): string {
  return [...new Set(names.map((n) => n.toLowerCase()))].sort().join(',');
}

export function sameField(field: Field, a: Draft, b: Draft): boolean {
  if (field === 'additional_domains') return domainSet(a[field]) === domainSet(b[field]);
  if (field === 'description') return lines(a[field]) === lines(b[field]);
  if (field === 'proxy_fqdn' || field === 'connection_limit' || field === 'domain')
    return a[field].trim() === b[field].trim();
  return a[field] === b[field];
}

/* A text box gives '\n', another system may have stored '\r\n'. */
function lines(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

export function changedFields(base: Draft, mine: Draft): Field[] {
  return FIELDS.filter((f) => !sameField(f, base, mine));
}

/** Is there anything to lose? Also what was typed and is not in the list yet. */
export function isDirty(base: Draft, mine: Draft): boolean {
  return mine.adding.trim() !== '' || changedFields(base, mine).length > 0;
}

export type Settings = Partial<Record<Field, string | number | boolean | string[] | null>>;

/*
 * What is typed is sent as it is: whether it is a number in range or a host is for the daemon to
 * say, in the same words as to the shell.
 */
function setting(field: Field, d: Draft): string | number | boolean | string[] | null {
  const value = d[field];
  if (field === 'connection_limit' || field === 'proxy_fqdn') {
    const text = (value as string).trim();
    return text === '' ? null : text;
  }
  if (field === 'description') return value === '' ? null : value;
  if (field === 'domain') return (value as string).trim();
  return value;
}

export function settingsOf(d: Draft, fields: readonly Field[] = FIELDS): Settings {
  return Object.fromEntries(fields.map((f) => [f, setting(f, d)]));
}

/** Of an existing partner only what was changed is sent. */
export function patchOf(base: Draft, mine: Draft): Settings {
  return settingsOf(
    mine,
    changedFields(base, mine).filter((f) => f !== 'domain'),
  );
}

/** A copy under another name, in one transaction: what a rename is. */
export function renameChanges(from: string, d: Draft) {
  const { domain, ...settings } = settingsOf(d);
  return [
    { verb: 'remove' as const, kind: 'partner' as Kind, key: from },
    { verb: 'add' as const, kind: 'partner' as Kind, key: String(domain), settings },
  ];
}

export function withNegotiation(d: Draft, n: Negotiation): Draft {
  return {
    ...d,
    tls_negotiation: n.tls_negotiation,
    sasl_negotiation: n.sasl_negotiation,
    support_dialback_negotiation: n.support_dialback_negotiation,
  };
}

export function sameNegotiation(a: Negotiation, b: Negotiation): boolean {
  return (
    a.tls_negotiation === b.tls_negotiation &&
    a.sasl_negotiation === b.sasl_negotiation &&
    a.support_dialback_negotiation === b.support_dialback_negotiation
  );
}
