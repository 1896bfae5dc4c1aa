/** What /api/v1 takes and gives: docs/openapi.yaml has the words for each. */

export type Time = string | null;
export type Right = string;

export interface Session {
  name: string;
  display: string;
  source: 'password' | 'directory' | 'token' | 'socket';
  way: string;
  roles: string[];
  rights: Right[];
  csrf: string;
  idle_expires: Time;
  expires: Time;
  must: null | 'password' | 'totp';
  body_logging: boolean;
}

export type Method = 'sasl-over-tls' | 'tls-dialback' | 'tcp-dialback';
export type Kind = 'partner' | 'domain' | 'route' | 'policy' | 'grant' | 'gateway' | 'access';
export type PartnerType = 'Federated' | 'PublicVerified' | 'PublicUnverified';
export type Level = 'Required' | 'Optional' | 'NotSupported';

export interface WayOut {
  settings: Record<string, unknown>;
  methods?: Method[];
}

export interface Warning {
  code: string;
  kind?: string;
  key?: string;
  field?: string;
  text: string;
}

export interface FieldChange {
  name: string;
  before?: unknown;
  after?: unknown;
}

export interface PlannedChange {
  verb: 'add' | 'set' | 'remove';
  kind: string;
  key: string;
  fields: FieldChange[];
}

export interface PlannedClose {
  id: string;
  partner: string;
  local: string;
  remote: string;
  dir: 'in' | 'out';
  reason: string;
}

export interface Plan {
  generation: number;
  changes: PlannedChange[];
  warnings: Warning[];
  streams?: PlannedClose[];
}

export interface Changed {
  dry_run: boolean;
  generation: number;
  plan: Plan;
}

export interface ChangeRequest {
  verb: 'add' | 'set' | 'remove';
  kind: Kind;
  key?: string;
  settings?: Record<string, unknown>;
}

export interface Items<T> {
  items: T[];
}

export interface Item<T> {
  item: T;
}

export interface Partner {
  domain: string;
  domain_unicode: string;
  additional_domains: string[];
  additional_domains_unicode: string[];
  description: string | null;
  partner_type: PartnerType;
  tls_negotiation: Level;
  sasl_negotiation: Level;
  support_dialback_negotiation: boolean;
  enable_keep_alive: boolean;
  proxy_fqdn: string | null;
  connection_limit: number | null;
  enabled: boolean;
}

export interface Negotiation {
  refused: string | null;
  methods: Method[];
  warnings: string[];
  ways_out: WayOut[];
}

export interface MatrixRow {
  row: number;
  tls: Level;
  sasl: Level;
  dialback: boolean;
  valid: boolean;
  code: string | null;
  methods: Method[] | Record<string, Method[]>;
  warnings: string[];
  ways_out: WayOut[];
}

export interface LocalDomain {
  domain: string;
  domain_unicode: string;
  description: string | null;
  route: string | null;
}

export interface SipRoute {
  name: string;
  description: string | null;
  next_hop: string;
  transport: 'udp' | 'tcp' | 'tls' | 'auto';
  sources: string[];
  from_domains: string[];
  from_domains_unicode: string[];
  tls_names: string[];
  tls_names_unicode: string[];
  kind: 'generic' | 'microsoft-edge' | 'microsoft-pool';
  message_mode: 'pager' | 'session' | 'auto';
  receive_rate: number | null;
  send_rate: number | null;
  sender_rate: number | null;
  error_wait: number;
  late_error: 'message' | 'off';
  congestion_safe: boolean;
  certificate: string | null;
  digest_user: string | null;
  digest_password_set: boolean;
  trust_identity: boolean;
}

export interface Policy {
  identity: string;
  description: string | null;
  enable_federation_access: boolean;
  enable_xmpp_access: boolean;
  write_invites: boolean;
}

export interface Grant {
  user: string;
  policy: string;
}

export interface Gateway {
  connection_limit: number;
  partner_connection_limit: number;
  keep_alive_interval: number;
  stream_establishment_timeout: number;
  stream_inactivity_timeout: number;
  subscription_refresh_interval: number;
  enable_logging_all_message_bodies: boolean;
  dialback_passphrase_set: boolean;
}

export interface Access {
  allow_federated_users: boolean;
}

export type StreamState = 'waiting' | 'connecting' | 'negotiating' | 'up' | 'closing' | 'closed';

export interface Pair {
  method: Method;
  local_domain: string;
  remote_domain: string;
  since: Time;
}

export interface Stream {
  direction: 'in' | 'out';
  state: StreamState;
  id: string | null;
  partner: string | null;
  local_domain: string | null;
  remote_domain: string | null;
  peer: string | null;
  method: string | null;
  tls: string | null;
  cipher: string | null;
  certificate: string | null;
  certificate_expires: Time;
  last_error: string | null;
  last_error_text: string | null;
  began: Time;
  since: Time;
  last_stanza: Time;
  next_attempt: Time;
  stanzas_in: number;
  stanzas_out: number;
  bytes_in: number;
  bytes_out: number;
  queued: number;
  pairs: Pair[];
  peer_certificate?: {
    fingerprint: string;
    subject: string;
    issuer: string;
    names: string;
    not_after: Time;
  };
}

export type Health = 'never' | 'connected' | 'idle' | 'failing' | 'disabled';

export interface PartnerState {
  domain: string;
  state: Health;
  inbound: Health;
  outbound: Health;
  streams_in: number;
  streams_out: number;
  stanzas_in: number;
  stanzas_out: number;
  queued: number;
  queued_bytes: number;
  failures: number;
  last_inbound: Time;
  last_outbound: Time;
  last_error: string | null;
  last_error_text: string | null;
  last_error_at: Time;
  next_attempt: Time;
}

export interface AttemptStep {
  step: string;
  result: 'ok' | 'warn' | 'fail';
  ms: number;
  text: string;
}

export interface Attempt {
  id: string;
  direction: 'in' | 'out';
  outcome: 'under-way' | 'authenticated' | 'failed' | 'ended';
  local_domain: string | null;
  remote_domain: string | null;
  peer: string | null;
  began: Time;
  reason: string | null;
  steps: AttemptStep[];
}

export interface Certificate {
  name: string;
  domains: string[];
  subject: string | null;
  issuer: string | null;
  names: string | null;
  key: string | null;
  purposes: string | null;
  fingerprint: string | null;
  not_before: Time;
  not_after: Time;
  days_left: number;
  lacks: string | null;
  warning: string | null;
}

/** A line of POST /tests: a step, or with `end` the result. */
export interface TestLine {
  step?: string;
  result?: 'pass' | 'warn' | 'fail' | 'skipped';
  code?: string;
  evidence?: string;
  remedy?: string;
  ms?: number;
  end?: boolean;
  pass?: number;
  warn?: number;
  fail?: number;
  skipped?: number;
}

export interface Status {
  version: string;
  state: 'starting' | 'ready' | 'draining';
  node: string;
  roles: string;
  pid: number;
  since: Time;
  uptime_seconds: number;
  generation: number;
  partners: number;
  partners_enabled: number;
  domains: number;
  routes: number;
  counters: Record<string, number>;
  hints: { code: string; text: string; command: string }[];
}

export interface Administrator {
  name: string;
  description: string | null;
  roles: string[];
  enabled: boolean;
  source: string;
  totp: boolean;
  last_sign_in: Time;
  created: Time;
  one_time_password?: string;
  one_time_expires?: Time;
}

export interface Role {
  name: string;
  title: string;
  builtin: boolean;
  rights: Right[];
  aliases: string[];
  requires_totp: boolean;
}

export interface Token {
  id: string;
  name: string;
  owner: string;
  rights: Right[];
  created: Time;
  expires: Time;
  last_used: Time;
  revoked: boolean | Time;
  token?: string;
}

export interface AuditEntry {
  id: number;
  at: string;
  who: string;
  from: string | null;
  way: string;
  verb: string;
  kind: string;
  key: string | null;
  generation: number | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  result: string;
}

export interface AuditVerdict {
  ok: boolean;
  lines: number;
  problems: { code: 'changed' | 'gap' | 'order' | 'truncated'; id: number; text: string }[];
}

export interface Generation {
  generation: number;
  at: string;
  who: string;
  way: string;
  summary: string;
}
