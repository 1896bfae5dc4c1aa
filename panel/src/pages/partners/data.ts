/** What the pages of partners ask the daemon for, and how they hear of changes. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { api, isProblem, seg } from '../../api/client';
import { useEvents } from '../../api/events';
import { areas, useLive } from '../../api/queries';
import type {
  Attempt, AuditEntry, Changed, Items, Negotiation, Partner, PartnerState, Stream, Warning,
} from '../../api/types';
import { useSession } from '../../session';
import type { Daemon } from './commit';
import type { Negotiation as Choice } from './model';

export interface OnePartner {
  generation: number;
  item: Partner;
  negotiation: Negotiation;
  warnings: Warning[];
}

export interface MatrixRow {
  row: number;
  settings: Choice;
  verdict: Negotiation;
}

const read = async (domain: string, signal?: AbortSignal) =>
  (await api.get<OnePartner>(`/partners/${seg(domain)}`, { signal })).data;

export const daemon: Daemon = {
  async change(ask, { dryRun, generation }) {
    const how = { dryRun, ifMatch: generation };
    switch (ask.verb) {
      case 'add':
        return (await api.post<Changed>('/partners', { ...how, body: { ...ask.settings, domain: ask.key } })).data;
      case 'set':
        return (await api.patch<Changed>(`/partners/${seg(ask.key)}`, { ...how, body: ask.settings })).data;
      case 'remove':
        return (await api.del<Changed>(`/partners/${seg(ask.key)}`, how)).data;
      case 'several':
        return (await api.post<Changed>('/changes', { ...how, body: { changes: ask.changes } })).data;
    }
  },
  async read(key) {
    try {
      return await read(key);
    } catch (e) {
      if (isProblem(e) && e.status === 404) return null;
      throw e;
    }
  },
};

/** Runs at most once in so many milliseconds, and once after the last call. */
function useThrottled(run: () => void, ms: number): () => void {
  const latest = useRef(run);
  latest.current = run;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useRef(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, ms);
  }).current;
}

export function usePartners() {
  return useQuery({
    queryKey: [areas.config, 'partners'],
    queryFn: async ({ signal }) => (await api.get<Items<Partner>>('/partners', { signal })).data.items,
  });
}

export function usePartner(domain: string | undefined) {
  return useQuery({
    queryKey: [areas.config, 'partner', domain],
    queryFn: ({ signal }) => read(domain!, signal),
    enabled: domain !== undefined,
  });
}

/** How all partners are: read once, then as it changes; many changes at once are drawn once. */
export function useStates(): ReadonlyMap<string, PartnerState> {
  const may = useSession().has('stream.read');
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: [areas.states, 'all'],
    queryFn: async ({ signal }) => (await api.get<Items<PartnerState>>('/partner-states', { signal })).data.items,
    enabled: may,
  });
  const live = useRef(new Map<string, PartnerState>());
  const [turn, setTurn] = useState(0);
  const draw = useThrottled(() => setTurn((n) => n + 1), 250);
  useEvents(may ? ['partner-state'] : [], (topic, event) => {
    if (topic === 'gap') {
      live.current.clear();
      void client.invalidateQueries({ queryKey: [areas.states] });
    } else {
      for (const state of statesIn(event)) live.current.set(state.domain, state);
    }
    draw();
  });
  // What was read just now is younger than what was heard before.
  useMemo(() => live.current.clear(), [data]);
  return useMemo(
    () => new Map([...(data ?? []).map((s) => [s.domain, s] as const), ...live.current]), [data, turn]);
}

/** An event tells of one partner, or of several. */
function statesIn(event: unknown): PartnerState[] {
  const one = event as PartnerState & Partial<Items<PartnerState>>;
  if (Array.isArray(one?.items)) return one.items;
  return one?.domain ? [one] : [];
}

export function usePartnerState(domain: string) {
  const may = useSession().has('stream.read');
  useLive(may ? ['partner-state', 'stream'] : []);
  const path = `/partners/${seg(domain)}`;
  const state = useQuery({
    queryKey: [areas.states, domain],
    queryFn: async ({ signal }) => (await api.get<PartnerState>(`${path}/state`, { signal })).data,
    enabled: may,
  });
  const streams = useQuery({
    queryKey: [areas.streams, 'partner', domain],
    queryFn: async ({ signal }) =>
      (await api.get<Items<Stream>>('/streams', { query: { partner: domain }, signal })).data.items,
    enabled: may,
  });
  const attempts = useQuery({
    queryKey: [areas.streams, 'attempts', domain],
    queryFn: async ({ signal }) => (await api.get<Items<Attempt>>(`${path}/attempts`, { signal })).data.items,
    enabled: may,
  });
  return { may, state, streams, attempts };
}

/** One stream, for the certificate of its peer. */
export function useStream(id: string | null) {
  return useQuery({
    queryKey: [areas.streams, 'one', id],
    queryFn: async ({ signal }) => (await api.get<Stream>(`/streams/${seg(id!)}`, { signal })).data,
    enabled: id !== null,
  });
}

/** What was done to a partner, youngest first; only for those who may see it. */
export function useHistory(domain: string, limit: number, wanted = true) {
  const may = useSession().has('audit.read');
  const query = useQuery({
    queryKey: [areas.audit, 'partner', domain, limit],
    queryFn: async ({ signal }) =>
      (await api.get<Items<AuditEntry>>('/audit', { query: { kind: 'partner', key: domain, limit }, signal })).data.items,
    enabled: may && wanted,
  });
  return { may, ...query };
}

/** Waits until nothing has been chosen anew for a moment. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
    // The text stands for the value, which is a new object each time.
  }, [text, ms]);
  return settled;
}

/** What a choice would mean: the rule is the daemon's. */
export function useVerdict(choice: Choice) {
  const settled = useSettled(choice, 150);
  return useQuery({
    queryKey: ['negotiation', settled],
    queryFn: async ({ signal }) =>
      (await api.get<Negotiation>('/negotiation', { query: { ...settled }, signal, background: true })).data,
    staleTime: Infinity,
    placeholderData: (before) => before,
  });
}

export function useMatrix(wanted: boolean) {
  return useQuery({
    queryKey: ['negotiation-matrix'],
    queryFn: async ({ signal }) => (await api.get<Items<MatrixRow>>('/negotiation/matrix', { signal })).data.items,
    staleTime: Infinity,
    enabled: wanted,
  });
}

