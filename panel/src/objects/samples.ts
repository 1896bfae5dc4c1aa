/** Descriptions as the service gives them, for tests. */
import type { KindInfo, Setting } from './kinds';

const setting = (s: Partial<Setting> & Pick<Setting, 'name' | 'type'>): Setting => ({
  key: false, required: false, none: false, write_only: false, min: 0, max: 0, default: null, unit: null,
  help: `About ${s.name}.`, range: 'anything', ...s,
});

export const routeKind: KindInfo = {
  kind: 'route', path: 'routes', title: 'SIP route', single: false,
  settings: [
    setting({ name: 'name', type: 'name', key: true, required: true }),
    setting({ name: 'description', type: 'text', none: true, max: 1024 }),
    setting({ name: 'next_hop', type: 'next_hop', required: true }),
    setting({ name: 'transport', type: 'word', words: ['udp', 'tcp', 'tls'], default: 'udp' }),
    setting({ name: 'sources', type: 'networks', none: true, max: 64 }),
    setting({ name: 'from_domains', type: 'domains', none: true, max: 256 }),
    setting({ name: 'receive_rate', type: 'number', none: true, min: 1, max: 1000000, unit: 'requests/s' }),
    setting({ name: 'error_wait', type: 'number', max: 2000, default: '300', unit: 'ms' }),
    setting({ name: 'congestion_safe', type: 'bool', default: 'false' }),
  ],
};

export const gatewayKind: KindInfo = {
  kind: 'gateway', path: 'gateway', title: 'gateway', single: true,
  settings: [
    setting({ name: 'connection_limit', type: 'number', min: 1, max: 1000000, default: '1000', unit: 'connections' }),
    setting({ name: 'enable_logging_all_message_bodies', type: 'bool', default: 'false' }),
    setting({ name: 'dialback_passphrase', type: 'secret', none: true, write_only: true, min: 16, max: 256 }),
  ],
};
