/**
 * Live state: one EventSource for the whole panel, with the topics that somebody wants just now.
 * It is opened anew when they change, when it breaks, and after a sign-in.
 */
import { useEffect, useRef } from 'react';
import { connection } from './connection';

export type Topic =
  | 'partner-state' | 'stream' | 'generation' | 'counters' | 'certificate' | 'audit' | 'session' | 'body-logging';

/** `gap`: the connection is new, events may have been missed: read again what you show. */
export type Handler = (topic: Topic | 'gap', data: unknown) => void;

interface Listener {
  topics: readonly Topic[];
  handle: Handler;
}

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let openFor = '';
let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let lost: () => void = () => undefined;

const wanted = () => [...new Set([...listeners].flatMap((l) => l.topics))].sort();

function tell(topic: Topic | 'gap', data: unknown) {
  for (const listener of [...listeners]) {
    if (topic === 'gap' || listener.topics.includes(topic)) listener.handle(topic, data);
  }
}

function close() {
  source?.close();
  source = null;
  openFor = '';
}

function open() {
  const topics = wanted();
  const key = topics.join(',');
  if (key === openFor && source && source.readyState !== EventSource.CLOSED) return;
  close();
  if (!key || typeof EventSource === 'undefined') return;
  const own = new EventSource(`/api/v1/events?topics=${encodeURIComponent(key)}`);
  source = own;
  openFor = key;
  own.onopen = () => {
    failures = 0;
    tell('gap', null);
  };
  own.onerror = () => {
    if (source !== own) return;
    close();
    lost();
    const wait = Math.min(500 * 2 ** failures++, 15000) * (0.75 + Math.random() / 2);
    timer = setTimeout(() => void (connection.isAway() ? connection.lost().then(open) : open()), wait);
  };
  // It was told more than it could take: some events are gone.
  own.addEventListener('missed', () => tell('gap', null));
  for (const topic of topics) {
    own.addEventListener(topic, (event) => {
      let data: unknown = null;
      try {
        data = JSON.parse((event as MessageEvent<string>).data);
      } catch {
        return;
      }
      tell(topic, data);
    });
  }
}

/** Many components come and go in one turn: the connection is changed once, after it. */
function openSoon() {
  clearTimeout(timer);
  timer = setTimeout(open, 20);
}

/** What is done when the connection ends; the session looks whether it is still there. */
export function onEventsLost(callback: () => void) {
  lost = callback;
}

/** After a sign-in: the old connection was another session's. */
export function reopenEvents() {
  close();
  failures = 0;
  openSoon();
}

export function closeEvents() {
  clearTimeout(timer);
  close();
}

export function useEvents(topics: readonly Topic[], handler: Handler) {
  const latest = useRef(handler);
  latest.current = handler;
  const key = topics.join(',');
  useEffect(() => {
    if (!key) return;
    const listener: Listener = {
      topics: key.split(',') as Topic[],
      handle: (topic, data) => latest.current(topic, data),
    };
    listeners.add(listener);
    openSoon();
    return () => {
      listeners.delete(listener);
      openSoon();
    };
  }, [key]);
}
