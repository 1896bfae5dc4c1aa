/*
 * Commit of a partner, or of several as one transaction: what is sent, and what a form is guarded by.
 * How it goes on (planned, shown, saved, asked about) is that of every object: objects/commit.ts.
 */
import type { Problem } from '../../api/client';
import type { Changed, ChangeRequest, Partner } from '../../api/types';
import * as objects from '../../objects/commit';
import { draftOf, FIELDS, sameField, type Draft, type Settings } from './model';

/** One change, or several as one transaction. */
export type Ask =
  | { verb: 'add'; key: string; settings: Settings }
  | { verb: 'set'; key: string; settings: Settings }
  | { verb: 'remove'; key: string }
  | { verb: 'several'; changes: ChangeRequest[] };

export interface How {
  dryRun: boolean;
  /** The generation it has to be made against; absent: whatever it is. */
  generation?: number;
}

/** The daemon, as far as this file needs it. */
export interface Daemon {
  change(ask: Ask, how: How): Promise<Changed>;
  /** The partner as it is now; null when there is none. */
  read(key: string): Promise<{ generation: number; item: Partner } | null>;
}

/** What the form began with: an existing partner is guarded, a new one has nothing to guard. */
export interface Origin {
  key: string;
  base: Draft;
}

export type Outcome =
  | { is: 'saved'; changed: Changed }
  | { is: 'unchanged' }
  | { is: 'plan'; changed: Changed }
  | { is: 'conflict'; theirs: Partner }
  | { is: 'gone' }
  | { is: 'refused'; problem: Problem };

function sameAs(base: Draft, theirs: Partner): boolean {
  const now = draftOf(theirs);
  return FIELDS.every((f) => sameField(f, base, now));
}

function workOf(daemon: Daemon, ask: Ask, origin: Origin | null, mayBeQuiet: boolean): objects.Work {
  return {
    send: (how) => daemon.change(ask, how),
    ...(origin && {
      read: async () => {
        const now = await daemon.read(origin.key);
        return now && { generation: now.generation, item: { ...now.item } };
      },
      unchanged: (item: unknown) => sameAs(origin.base, item as Partner),
    }),
    alwaysShow: !mayBeQuiet,
  };
}

/* A plan without changes is none to show: what is asked for is in force. */
function ofPartner(outcome: objects.Outcome): Outcome {
  if (outcome.is === 'plan' && outcome.changed.plan.changes.length === 0) return { is: 'unchanged' };
  if (outcome.is === 'conflict') return { is: 'conflict', theirs: outcome.theirs as unknown as Partner };
  return outcome;
}

/**
 * Plans, and saves when there is nothing to show. mayBeQuiet false: the plan is always shown (what
 * cannot be undone, or touches several). Throws only what is no answer of the daemon: a lost
 * connection, an expired session.
 */
export async function commit(
  daemon: Daemon, ask: Ask, origin: Origin | null, mayBeQuiet = true): Promise<Outcome> {
  return ofPartner(await objects.commit(workOf(daemon, ask, origin, mayBeQuiet)));
}

/**
 * Carries out a plan that was shown. When the settings have changed meanwhile and the new plan is
 * the same, it is carried out; when it is another, it is shown again.
 */
export async function commitPlan(
  daemon: Daemon, ask: Ask, origin: Origin | null, shown: Changed): Promise<Outcome> {
  return ofPartner(await objects.commitPlan(workOf(daemon, ask, origin, false), shown));
}
