/** From docs/openapi.yaml by scripts/schema.py; not to be edited. */

export type Generation = number;

export type Time = string | null;

export type Moment = string;

export interface Problem {
  type: 'about:blank';
  status: number;
  code: string;
  title: string;
  detail: string;
  field?: string;
  ways_out?: WayOut[];
}

export interface WayOut {
  settings: NegotiationSettings;
  methods: Method[];
}

export type Method = 'sasl-over-tls' | 'tls-dialback' | 'tcp-dialback';

export type Level = 'Required' | 'Optional' | 'NotSupported';

export interface Warning {
  code: string;
  kind: string;
  key: string;
  field: string;
  text: string;
}

export interface ItemWarning {
  code: string;
  field: string;
  text: string;
}

export interface Changed {
  dry_run: boolean;
  generation: Generation;
  plan: Plan;
}

export interface Plan {
  generation: Generation;
  changes: PlannedChange[];
  warnings: Warning[];
  streams: PlannedClose[];
}

export interface PlannedChange {
  verb: 'add' | 'set' | 'remove';
  kind: ObjectKind;
  key: string;
  fields: FieldChange[];
}

export interface FieldChange {
  name: string;
  before: string;
  after: string;
}

export interface PlannedClose {
  dir: 'in' | 'out';
  id: string | null;
  partner: string | null;
  local: string | null;
  remote: string | null;
  reason: string;
}

export type ObjectKind = 'partner' | 'domain' | 'route' | 'policy' | 'grant' | 'gateway' | 'access';

export interface Changes {
  changes: Change[];
  format?: 'entente-config';
  version?: number;
  generation?: Generation;
}

export interface Change {
  verb: 'add' | 'set' | 'remove';
  kind: ObjectKind;
  key?: string;
  settings?: Record<string, unknown>;
}

export interface ListChange {
  add?: string[];
  remove?: string[];
}

export interface NegotiationSettings {
  tls_negotiation: Level;
  sasl_negotiation: Level;
  support_dialback_negotiation: boolean;
}

export interface Negotiation {
  refused: string | null;
  methods: Method[];
  warnings: string[];
  ways_out: NegotiationSettings[];
}

export interface NegotiationRow {
  row: number;
  settings: NegotiationSettings;
  verdict: Negotiation;
}

export interface Allow {
  user: string;
  contact: string;
  expires: Time;
}

export interface NewAllow {
  user: string;
  contact: string;
  expires?: Time;
}

export interface Kind {
  kind: ObjectKind;
  path: string;
  title: string;
  single: boolean;
  settings: Setting[];
}

export interface Setting {
  name: string;
  type: 'bool' | 'number' | 'word' | 'text' | 'name' | 'domain' | 'domains' | 'host' | 'next_hop' | 'networks' | 'policy' | 'user' | 'secret';
  key: boolean;
  required: boolean;
  none: boolean;
  write_only: boolean;
  min: number;
  max: number;
  words?: string[];
  default: string | null;
  unit: string | null;
  help: string;
  range: string;
}

export type StreamState = 'waiting' | 'connecting' | 'negotiating' | 'up' | 'closing' | 'closed';

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
  peer_certificate?: PeerCertificate;
}

export interface Pair {
  method: Method;
  local_domain: string;
  remote_domain: string;
  since: Moment;
}

export interface PeerCertificate {
  fingerprint: string;
  subject: string;
  issuer: string;
  names: string;
  not_after: Time;
}

export interface StreamClosing {
  dry_run?: boolean;
  state: StreamState;
  id: string;
}

export interface StreamEvent {
  event: 'present' | 'complete' | 'changed' | 'closed' | 'missed';
  time: Moment;
  stream?: Stream;
}

export type PartnerHealth = 'never' | 'connected' | 'idle' | 'failing' | 'disabled';

export interface PartnerState {
  state: PartnerHealth;
  inbound: PartnerHealth;
  outbound: PartnerHealth;
  domain: string;
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

export interface Attempt {
  id: string;
  direction: 'in' | 'out';
  outcome: 'under-way' | 'authenticated' | 'failed' | 'ended';
  local_domain: string | null;
  remote_domain: string | null;
  peer: string | null;
  began: Moment;
  reason: string | null;
  steps: AttemptStep[];
}

export interface AttemptStep {
  step: 'dns' | 'connect' | 'header' | 'features' | 'starttls' | 'tls' | 'certificate' | 'sasl' | 'dialback' | 'verify' | 'ready' | 'end';
  result: 'ok' | 'warn' | 'fail';
  ms: number;
  text: string;
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

export interface Test {
  partner?: string;
  domain?: string;
  route?: string;
  local?: string;
}

export type TestLine = TestStep | TestEnd;

export interface TestStep {
  step: string;
  result: 'pass' | 'warn' | 'fail' | 'skipped';
  code: string;
  evidence: string;
  remedy: string;
  ms: number;
}

export interface TestEnd {
  end: true;
  result: 'pass' | 'warn' | 'fail';
  pass: number;
  warn: number;
  fail: number;
  skipped: number;
}

export interface Status {
  version: string;
  state: 'starting' | 'ready' | 'draining';
  node: string;
  roles: string;
  pid: number;
  since: Moment;
  uptime_seconds: number;
  generation: Generation;
  partners: number;
  partners_enabled: number;
  domains: number;
  routes: number;
  body_logging: boolean;
  counters: StatusCounters;
  hints: Hint[];
}

export interface StatusCounters {
  since: 'start';
  from_sip: number;
  from_xmpp: number;
  delivered_to_sip: number;
  delivered_to_xmpp: number;
  errors_told_to_sip: number;
  errors_told_to_xmpp: number;
  late_errors: number;
  denied: number;
  streams_in: number;
  streams_out: number;
  queued: number;
  sip_unlisted: number;
  sip_kernel_drops: number;
}

export interface Hint {
  code: string;
  text: string;
  command: string;
}

export interface Health {
  ready: boolean;
  state: 'starting' | 'ready' | 'draining';
  problems: HealthProblem[];
}

export interface HealthProblem {
  code: string;
  text: string;
}

export interface CurrentGeneration {
  generation: Generation;
}

export interface HelloEvent {
  topics: string[];
}

export interface StreamChange {
  event: 'changed' | 'closed';
  stream: Stream;
}

export interface CountersEvent {
  at: Moment;
  messages_from_sip: number;
  messages_from_xmpp: number;
  delivered_to_sip: number;
  delivered_to_xmpp: number;
  errors_told_to_sip: number;
  errors_told_to_xmpp: number;
  denied: number;
  streams_in: number;
  streams_out: number;
  queued: number;
}

export interface SessionEvent {
  state: 'changed' | 'ended';
}

export interface BodyLoggingEvent {
  on: boolean;
}

export type PlainEvent = Record<string, never>;

export interface RouteState {
  name: string;
  state: 'up' | 'suspect' | 'down' | 'unresolved';
  next_hop: string;
  transport: 'udp' | 'tcp' | 'tls' | 'auto';
  target: string | null;
  resolved: Time;
  credentials_refused_until: Time;
  receive_rate: number | null;
  sender_rate: number | null;
  send_rate: number | null;
  requests_in: number;
  requests_out: number;
  answered: number;
  timeouts: number;
  unreachable: number;
  failovers: number;
  retransmissions: number;
  challenged: number;
  forged_from: number;
  over_rate: number;
  over_sender_rate: number;
  sessions: number;
  last_error: string | null;
  last_error_at: Time;
  targets: RouteTarget[];
  connections: RouteConnection[];
  errors: RouteError[];
}

export interface RouteTarget {
  state: 'up' | 'suspect' | 'dead' | 'resting';
  address: string;
  host: string | null;
  transport: 'udp' | 'tcp' | 'tls';
  priority: number;
  weight: number;
  since: Time;
  last_probe: Time;
  next_probe: Time;
  rests_until: Time;
  under_way: number;
  requests: number;
  answered: number;
  timeouts: number;
  unreachable: number;
  busy: number;
  retransmissions: number;
  probes: number;
  probes_failed: number;
}

export interface RouteConnection {
  direction: 'in' | 'out';
  state: string;
  transport: 'udp' | 'tcp' | 'tls';
  peer: string | null;
  tls: string | null;
  cipher: string | null;
  names: string | null;
  subject: string | null;
  own_certificate: string | null;
  since: Time;
  certificate_expires: Time;
  bytes_in: number;
  bytes_out: number;
  messages_in: number;
  messages_out: number;
}

export interface RouteError {
  code: string;
  at: Time;
  times: number;
  target: string | null;
  text: string | null;
}

export type Rights = string[];

export interface Session {
  name: string;
  display: string;
  source: 'password' | 'directory' | 'token' | 'socket';
  way: 'panel' | 'api' | 'cli';
  roles: string[];
  rights: Rights;
  csrf: string | null;
  idle_expires: Time;
  expires: Time;
  must: 'totp' | null;
  body_logging: boolean;
}

export interface Directory {
  enabled: boolean;
  timeout: number;
  servers: string[];
  ca_file: string;
  bind_dn: string;
  user_base: string;
  user_filter: string;
  group_base: string;
  bind_password_set: boolean;
}

export interface DirectorySettings {
  enabled?: boolean;
  timeout?: number;
  servers?: string[];
  ca_file?: string;
  bind_dn?: string;
  user_base?: string;
  user_filter?: string;
  group_base?: string;
  bind_password?: string;
}

export interface Binding {
  key: string;
  group: string;
  role: string;
  confirmed: boolean;
}

export interface NewBinding {
  group: string;
  role: string;
  confirmed?: boolean;
}

export interface BindingSettings {
  group?: string;
  role?: string;
  confirmed?: boolean;
}

export interface DirectoryTest {
  name?: string;
}

export type DirectoryTestLine = DirectoryTestStep | DirectoryTestEnd;

export interface DirectoryTestStep {
  step: 'connect' | 'tls' | 'bind' | 'base' | 'user' | 'account' | 'groups' | 'roles' | 'process';
  result: 'pass' | 'fail';
  code: string;
  evidence: string;
  remedy: string;
}

export interface DirectoryTestEnd {
  end: true;
  result: 'pass' | 'fail';
  pass: number;
  fail: number;
  reason: string;
  dn: string;
  name: string;
  display: string;
  roles: string[];
}

export interface SignIn {
  name: string;
  password: string;
  code?: string;
  new_password?: string;
}

export interface OwnPassword {
  current: string;
  new: string;
}

export interface TotpSecret {
  secret: string;
  uri: string;
}

export interface TotpCode {
  code: string;
}

export interface TotpRemoval {
  password: string;
}

export interface RecoveryCodes {
  recovery_codes: string[];
}

export interface Administrator {
  name: string;
  description: string;
  roles: string[];
  enabled: boolean;
  source: 'local';
  totp: boolean;
  last_sign_in: Time;
  created: Moment;
  one_time_password?: string;
  one_time_expires: Time;
}

export interface AdministratorItem {
  item: Administrator;
}

export interface NewAdministrator {
  name: string;
  description?: string;
  roles: string[];
  enabled?: boolean;
}

export interface AdministratorSettings {
  description?: string;
  roles?: string[];
  enabled?: boolean;
}

export interface Reset {
  totp?: boolean;
}

export interface Role {
  name: string;
  title: string;
  builtin: boolean;
  rights: Rights;
  aliases: string[];
  requires_totp: boolean;
}

export interface RoleItem {
  item: Role;
}

export interface NewRole {
  name: string;
  title?: string;
  rights?: Rights;
  requires_totp?: boolean;
}

export interface RoleSettings {
  title?: string;
  rights?: Rights;
  requires_totp?: boolean;
}

export interface Right {
  name: string;
  help: string;
}

export interface Token {
  id: string;
  name: string;
  owner: string;
  rights: Rights;
  created: Moment;
  expires: Moment;
  last_used: Time;
  revoked: Time;
}

export interface NewToken {
  name: string;
  rights?: Rights;
  roles?: string[];
  expires?: string;
}

export interface TokenShown {
  token: string;
  item: Token;
}

export interface AuditLine {
  id: number;
  at: Moment;
  who: string;
  from: string;
  way: 'cli' | 'api' | 'panel' | 'import' | 'start';
  verb: string;
  kind: string;
  key: string;
  generation: number;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  result: 'done' | 'refused';
  code: string | null;
  times: number;
}

export interface AuditVerdict {
  ok: boolean;
  lines: number;
  head: AuditHead;
  problems: AuditProblem[];
}

export interface AuditHead {
  id: number;
  mac: string;
  count: number;
}

export interface AuditProblem {
  code: 'changed' | 'gap' | 'order' | 'truncated';
  id: number;
  text: string;
}

export interface GenerationRow {
  generation: Generation;
  at: Moment;
  who: string;
  from: string;
  way: string;
  summary: string;
}

export interface GenerationShown {
  generation: Generation;
  at: Moment;
  who: string;
  from: string;
  way: string;
  summary: string;
  changes: PlannedChange[] | null;
}

export interface GenerationDiff {
  from: Generation;
  to: Generation;
  changes: PlannedChange[];
}

export interface Export {
  format: 'entente-config';
  version: number;
  generation: Generation;
  changes: ExportedChange[];
}

export interface ExportedChange {
  verb: 'add' | 'set';
  kind: ObjectKind;
  key: string;
  settings: Record<string, unknown>;
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

export interface GatewaySettings {
  connection_limit?: number | null;
  partner_connection_limit?: number | null;
  keep_alive_interval?: number | null;
  stream_establishment_timeout?: number | null;
  stream_inactivity_timeout?: number | null;
  subscription_refresh_interval?: number | null;
  enable_logging_all_message_bodies?: boolean | null;
  dialback_passphrase?: string | null;
}

export interface Access {
  allow_federated_users: boolean;
}

export interface AccessSettings {
  allow_federated_users?: boolean | null;
}

export interface Route {
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

export interface NewRoute {
  name: string;
  description?: string | null;
  next_hop: string | null;
  transport?: 'udp' | 'tcp' | 'tls' | 'auto' | null;
  sources?: string[] | ListChange | null;
  from_domains?: string[] | ListChange | null;
  tls_names?: string[] | ListChange | null;
  kind?: 'generic' | 'microsoft-edge' | 'microsoft-pool' | null;
  message_mode?: 'pager' | 'session' | 'auto' | null;
  receive_rate?: number | null;
  send_rate?: number | null;
  sender_rate?: number | null;
  error_wait?: number | null;
  late_error?: 'message' | 'off' | null;
  congestion_safe?: boolean | null;
  certificate?: string | null;
  digest_user?: string | null;
  digest_password?: string | null;
  trust_identity?: boolean | null;
}

export interface RouteSettings {
  description?: string | null;
  next_hop?: string | null;
  transport?: 'udp' | 'tcp' | 'tls' | 'auto' | null;
  sources?: string[] | ListChange | null;
  from_domains?: string[] | ListChange | null;
  tls_names?: string[] | ListChange | null;
  kind?: 'generic' | 'microsoft-edge' | 'microsoft-pool' | null;
  message_mode?: 'pager' | 'session' | 'auto' | null;
  receive_rate?: number | null;
  send_rate?: number | null;
  sender_rate?: number | null;
  error_wait?: number | null;
  late_error?: 'message' | 'off' | null;
  congestion_safe?: boolean | null;
  certificate?: string | null;
  digest_user?: string | null;
  digest_password?: string | null;
  trust_identity?: boolean | null;
}

export interface Domain {
  domain: string;
  domain_unicode: string;
  description: string | null;
  route: string | null;
}

export interface NewDomain {
  domain: string;
  description?: string | null;
  route?: string | null;
}

export interface DomainSettings {
  description?: string | null;
  route?: string | null;
}

export interface Partner {
  domain: string;
  domain_unicode: string;
  additional_domains: string[];
  additional_domains_unicode: string[];
  description: string | null;
  partner_type: 'Federated' | 'PublicVerified' | 'PublicUnverified';
  tls_negotiation: 'Required' | 'Optional' | 'NotSupported';
  sasl_negotiation: 'Required' | 'Optional' | 'NotSupported';
  support_dialback_negotiation: boolean;
  enable_keep_alive: boolean;
  proxy_fqdn: string | null;
  connection_limit: number | null;
  enabled: boolean;
}

export interface NewPartner {
  domain: string;
  additional_domains?: string[] | ListChange | null;
  description?: string | null;
  partner_type?: 'Federated' | 'PublicVerified' | 'PublicUnverified' | null;
  tls_negotiation?: 'Required' | 'Optional' | 'NotSupported' | null;
  sasl_negotiation?: 'Required' | 'Optional' | 'NotSupported' | null;
  support_dialback_negotiation?: boolean | null;
  enable_keep_alive?: boolean | null;
  proxy_fqdn?: string | null;
  connection_limit?: number | null;
  enabled?: boolean | null;
}

export interface PartnerSettings {
  additional_domains?: string[] | ListChange | null;
  description?: string | null;
  partner_type?: 'Federated' | 'PublicVerified' | 'PublicUnverified' | null;
  tls_negotiation?: 'Required' | 'Optional' | 'NotSupported' | null;
  sasl_negotiation?: 'Required' | 'Optional' | 'NotSupported' | null;
  support_dialback_negotiation?: boolean | null;
  enable_keep_alive?: boolean | null;
  proxy_fqdn?: string | null;
  connection_limit?: number | null;
  enabled?: boolean | null;
}

export interface Policy {
  identity: string;
  description: string | null;
  enable_federation_access: boolean;
  enable_xmpp_access: boolean;
  write_invites: boolean;
}

export interface NewPolicy {
  identity: string;
  description?: string | null;
  enable_federation_access?: boolean | null;
  enable_xmpp_access?: boolean | null;
  write_invites?: boolean | null;
}

export interface PolicySettings {
  description?: string | null;
  enable_federation_access?: boolean | null;
  enable_xmpp_access?: boolean | null;
  write_invites?: boolean | null;
}

export interface Grant {
  user: string;
  policy: string;
}

export interface NewGrant {
  user: string;
  policy: string | null;
}

export interface GrantSettings {
  policy?: string | null;
}
