/** The topic `counters`: totals each two seconds, kept as rates of the last five minutes. */
import { useSyncExternalStore } from 'react';
import { useEvents } from './events';

export interface Counters {
  at: string;
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

export interface Rate {
  /** Seconds since 1970. */
  at: number;
  fromSip: number;
  fromXmpp: number;
  errors: number;
}

export interface Rates {
  rates: readonly Rate[];
  latest: Counters | null;
}

const keep = 150;

/** What happened between two of them; null when the service was restarted in between. */
export function rateOf(before: Counters, after: Counters): Rate | null {
  const seconds = (Date.parse(after.at) - Date.parse(before.at)) / 1000;
  const errors = (c: Counters) => c.errors_told_to_sip + c.errors_told_to_xmpp;
  const each = [after.messages_from_sip - before.messages_from_sip, after.messages_from_xmpp - before.messages_from_xmpp,
    errors(after) - errors(before)];
  if (!(seconds > 0) || each.some((n) => n < 0)) return null;
  return { at: Date.parse(after.at) / 1000, fromSip: each[0]! / seconds, fromXmpp: each[1]! / seconds, errors: each[2]! / seconds };
}

let state: Rates = { rates: [], latest: null };
const listeners = new Set<() => void>();

export function takeCounters(next: Counters) {
  const rate = state.latest ? rateOf(state.latest, next) : null;
  state = { latest: next, rates: rate ? [...state.rates, rate].slice(-keep) : state.rates };
  listeners.forEach((tell) => tell());
}

export function useRates(): Rates {
  useEvents(['counters'], (topic, data) => {
    if (topic === 'counters') takeCounters(data as Counters);
  });
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    () => state,
  );
}
