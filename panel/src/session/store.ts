/**
 * Who is signed in. One store for the panel: React reads it with useSession, the client asks it for
 * the CSRF token and for a sign-in when an answer was 401.
 */
import { api, Problem, useGate as lendToClient } from '../api/client';
import { closeEvents, onEventsLost, reopenEvents } from '../api/events';
import { connection } from '../api/connection';
import type { Session } from '../api/types';

export type Phase =
  | { is: 'loading' }
  /** Nobody: the page is the sign-in page. */
  | { is: 'nobody' }
  /** Somebody. */
  | { is: 'here'; session: Session }
  /** It has ended under somebody's hands: a dialog over the page, which keeps what was typed. */
  | { is: 'ended'; session: Session };

type Listener = () => void;

let phase: Phase = { is: 'loading' };
const listeners = new Set<Listener>();
let waiting: { resolve: () => void; reject: (e: unknown) => void }[] = [];

function set(next: Phase) {
  phase = next;
  listeners.forEach((tell) => tell());
}

function enter(session: Session) {
  const before = phase;
  if (before.is === 'ended' && before.session.name !== session.name) {
    // Another person sits here now: nothing of the one before stays in this window.
    location.assign('/');
    return;
  }
  set({ is: 'here', session });
  waiting.forEach((w) => w.resolve());
  waiting = [];
  if (before.is !== 'here') reopenEvents();
}

function leave() {
  if (phase.is === 'here' || phase.is === 'ended') set({ is: 'ended', session: phase.session });
  else set({ is: 'nobody' });
  closeEvents();
}

/** Reads the session; what the daemon says is what is so. */
async function refresh(): Promise<void> {
  try {
    enter(await api.plain<Session>('GET', '/session', { background: true }));
  } catch (e) {
    if (e instanceof Problem && e.status === 401) leave();
    else if (e instanceof Problem && e.status === 0) {
      if (phase.is === 'loading') throw e;
      // The banner comes up; a service that was restarted knows nobody any more.
      void connection.lost().then(refresh);
    }
  }
}

export interface Credentials {
  name: string;
  password: string;
  code?: string;
  new_password?: string;
}

export const sessions = {
  phase: () => phase,
  subscribe(listener: Listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  refresh,
  async signIn(credentials: Credentials): Promise<void> {
    enter(await api.plain<Session>('POST', '/session', { body: credentials }));
  },
  async signOut(): Promise<void> {
    try {
      await api.plain('DELETE', '/session');
    } catch (e) {
      if (!(e instanceof Problem && e.status === 401)) throw e;
    }
    closeEvents();
    for (const key of Object.keys(sessionStorage)) if (key.startsWith('draft:')) sessionStorage.removeItem(key);
    location.assign('/');
  },
  /** The person does not want to sign in again. */
  abandon() {
    location.assign('/');
  },
  /** For tests. */
  set,
};

lendToClient({
  csrf: () => (phase.is === 'here' || phase.is === 'ended' ? phase.session.csrf ?? '' : ''),
  refresh,
  signInAgain(signal) {
    leave();
    return new Promise<void>((resolve, reject) => {
      waiting.push({ resolve, reject });
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  },
});
onEventsLost(() => void refresh().catch(() => undefined));
