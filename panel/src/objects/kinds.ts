/** The kinds of objects and their settings, as the service describes them (GET /settings). */
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Items } from '../api/types';

export type SettingType =
  | 'bool' | 'number' | 'word' | 'text' | 'name' | 'domain' | 'domains' | 'host' | 'next_hop'
  | 'networks' | 'policy' | 'user' | 'secret';

export interface Setting {
  name: string;
  type: SettingType;
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

export interface KindInfo {
  kind: string;
  /** Below /api/v1/. */
  path: string;
  title: string;
  single: boolean;
  settings: Setting[];
}

/** They are the program's own: they change only with it. */
export function useKinds() {
  return useQuery({
    queryKey: ['settings'],
    queryFn: async ({ signal }) => (await api.get<Items<KindInfo>>('/settings', { signal, background: true })).data.items,
    staleTime: Infinity,
  });
}

export function useKind(kind: string): { info: KindInfo | undefined; error: unknown; retry: () => void } {
  const { data, error, refetch } = useKinds();
  return { info: data?.find((k) => k.kind === kind), error, retry: () => void refetch() };
}

export const isList = (s: Setting) => s.type === 'domains' || s.type === 'networks';
