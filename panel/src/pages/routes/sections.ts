/** The order of the forms; a setting that is not named here comes into the last section. */
import type { Section } from '../../objects/model';

export const routeSections: readonly Section[] = [
  { key: 'route', names: ['name', 'description', 'kind', 'next_hop', 'transport'] },
  { key: 'trust', names: ['sources', 'from_domains', 'tls_names', 'trust_identity'] },
  { key: 'identity', names: ['certificate', 'digest_user', 'digest_password'] },
  { key: 'messages', names: ['message_mode', 'error_wait', 'late_error', 'congestion_safe'] },
  { key: 'limits', names: ['receive_rate', 'sender_rate', 'send_rate'] },
];

export const domainSections: readonly Section[] = [{ key: 'domain', names: ['domain', 'description', 'route'] }];
