/** The settings of the directory as they stand in the form. Pure. */
export interface DirectorySettings {
  enabled: boolean;
  servers: string[];
  ca_file: string | null;
  bind_dn: string | null;
  bind_password_set: boolean;
  user_base: string | null;
  user_filter: string | null;
  group_base: string | null;
  timeout: number;
}

export interface Binding {
  key: string;
  group: string;
  role: string;
  confirmed: boolean;
}

/** A step of a test, or with `end` what came of it. */
export interface Step {
  step?: string;
  result?: 'pass' | 'warn' | 'fail' | 'skipped';
  code?: string;
  evidence?: string;
  remedy?: string;
  end?: boolean;
  reason?: string;
  name?: string;
  display?: string;
  dn?: string;
  roles?: string[];
}

export interface Draft {
  [name: string]: string | boolean;
  enabled: boolean;
  servers: string;
  ca_file: string;
  user_base: string;
  user_filter: string;
  group_base: string;
  bind_dn: string;
  bind_password: string;
  timeout: string;
}

/** In the order of the form. */
export const fields = ['servers', 'ca_file', 'bind_dn', 'bind_password', 'user_base', 'user_filter', 'group_base', 'timeout'] as const;
export type Field = (typeof fields)[number];

export function draftOf(s: Partial<DirectorySettings>): Draft {
  return {
    enabled: s.enabled === true, servers: (s.servers ?? []).join('\n'), ca_file: s.ca_file ?? '', user_base: s.user_base ?? '',
    user_filter: s.user_filter ?? '', group_base: s.group_base ?? '', bind_dn: s.bind_dn ?? '', bind_password: '',
    timeout: s.timeout === undefined ? '' : String(s.timeout),
  };
}

const lines = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

/** Only what is another; the password only when one was typed. */
export function patchOf(base: Draft, mine: Draft): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(mine)) {
    if (value === base[name]) continue;
    if (name === 'servers') out[name] = lines(value as string);
    else if (name === 'timeout') out[name] = /^\d+$/.test((value as string).trim()) ? Number(value) : value;
    else out[name] = typeof value === 'string' && name !== 'bind_password' ? value.trim() : value;
  }
  return out;
}
