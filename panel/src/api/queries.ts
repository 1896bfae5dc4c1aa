/**
 * Reading, with TanStack Query. The key of a query begins with the kind of what it shows, so that an
 * event can say what is old: see Live.
 */
import { QueryClient, useQuery, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useRef } from 'react';
import { api } from './client';
import { useEvents, type Topic } from './events';
import type { Item, Items, PartnerState } from './types';

export const queryClient = new QueryClient({
  defaultOptions: {
    // The client waits out silence and sign-ins itself; a refusal is an answer.
    queries: { retry: false, networkMode: 'always', staleTime: 5000, refetchOnWindowFocus: false },
    mutations: { retry: false, networkMode: 'always' },
  },
});

/** The first word of a query's key, and what makes it old. */
export const areas = {
  config: 'config',
  states: 'partner-states',
  streams: 'streams',
  certificates: 'certificates',
  audit: 'audit',
  generations: 'generations',
  accounts: 'accounts',
  status: 'status',
} as const;

export type Area = (typeof areas)[keyof typeof areas];

interface ListOptions {
  query?: Record<string, string | number | boolean | undefined>;
  enabled?: boolean;
}

/** GET of a list: {"items": [...]}. data is {items, etag}. */
export function useList<T>(area: Area, path: string, { query, enabled = true }: ListOptions = {}) {
  return useQuery({
    queryKey: [area, path, query ?? null],
    enabled,
    queryFn: async ({ signal }) => {
      const { data, etag } = await api.get<Items<T>>(path, { query, signal });
      return { items: data.items, etag };
    },
  });
}

/** GET of one object: {"item": {...}}. data is {item, etag}. */
export function useItem<T>(area: Area, path: string, { query, enabled = true }: ListOptions = {}) {
  return useQuery({
    queryKey: [area, path, query ?? null],
    enabled,
    queryFn: async ({ signal }) => {
      const { data, etag } = await api.get<Item<T>>(path, { query, signal });
      return { item: data.item, etag };
    },
  });
}

/** GET of anything else: data is the answer. */
export function useRead<T>(area: Area, path: string, { query, enabled = true }: ListOptions = {}) {
  return useQuery({
    queryKey: [area, path, query ?? null],
    enabled,
    queryFn: async ({ signal }) => (await api.get<T>(path, { query, signal })).data,
  });
}

/** After a change of the configuration: everything that shows it is read again. */
export function changed(client: QueryClient) {
  return Promise.all([areas.config, areas.generations, areas.audit, areas.status, areas.states]
    .map((area) => client.invalidateQueries({ queryKey: [area] })));
}

const stale: Record<string, QueryKey[]> = {
  generation: [[areas.config], [areas.generations], [areas.states], [areas.status]],
  'partner-state': [[areas.states]],
  stream: [[areas.streams]],
  certificate: [[areas.certificates]],
  audit: [[areas.audit]],
  'body-logging': [[areas.config]],
};

/** A partner's state comes whole with its event: what shows it is changed, not read again. */
function applyStates(client: QueryClient, fresh: ReadonlyMap<string, PartnerState>) {
  const key = [areas.states, '/partner-states', null];
  client.setQueryData<{ items: PartnerState[]; etag: string | null }>(key, (old) => old && {
    ...old, items: old.items.map((state) => fresh.get(state.domain) ?? state),
  });
}

const everyTopic: readonly Topic[] = ['generation', 'certificate', 'audit'];

/**
 * Reads again what events of these topics make old; at most once in two seconds, however many come.
 * The layout does it for the configuration; pages with live state add their own topics.
 */
export function useLive(topics: readonly Topic[] = everyTopic) {
  const client = useQueryClient();
  const old = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const states = useRef(new Map<string, PartnerState>());
  useEvents(topics, (topic, data) => {
    if (topic === 'partner-state') states.current.set((data as PartnerState).domain, data as PartnerState);
    for (const t of topic === 'gap' ? topics : [topic]) old.current.add(t);
    timer.current ??= setTimeout(() => {
      timer.current = null;
      applyStates(client, states.current);
      states.current.clear();
      for (const t of old.current) for (const key of stale[t] ?? []) void client.invalidateQueries({ queryKey: key });
      old.current.clear();
    }, topic === 'gap' ? 0 : 2000);
  });
}
