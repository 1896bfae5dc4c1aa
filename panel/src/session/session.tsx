import { useSyncExternalStore, type ReactNode } from 'react';
import type { Right, Session } from '../api/types';
import { sessions } from './store';

const nobody: Session = {
  name: '', display: '', source: 'password', way: 'panel', roles: [], rights: [], csrf: '', idle_expires: null,
  expires: null, must: null, body_logging: false,
};

export function usePhase() {
  return useSyncExternalStore(sessions.subscribe, sessions.phase);
}

/** Who is signed in, and what he may do. The daemon decides; this only hides what it would refuse. */
export function useSession() {
  const phase = usePhase();
  const session = phase.is === 'here' || phase.is === 'ended' ? phase.session : nobody;
  return {
    ...session,
    has: (right: Right) => session.rights.includes(right),
    signOut: sessions.signOut,
  };
}

/** Shows its children to those who have the right. */
export function Can({ right, children, otherwise = null }:
  { right: Right; children: ReactNode; otherwise?: ReactNode }) {
  return useSession().has(right) ? children : otherwise;
}
