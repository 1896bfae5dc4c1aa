/*
 * Commit, from the press of the button to what the page shows next. The partner is read again: is it
 * what the form began with? Then the daemon is asked for the plan against that generation; a plan
 * that closes nothing and warns of nothing is carried out at once, any other is shown. Nothing is
 * ever saved that was not planned in the same generation.
 */
import { isProblem, Problem } from '../../api/client';
import type { Changed, ChangeRequest, Partner, Plan } from '../../api/types';
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
  | { is: 'conflict'; theirs: Partner; generation: number }
  | { is: 'gone' }
  | { is: 'refused'; problem: Problem };

export function isQuiet(plan: Plan): boolean {
  return plan.warnings.length === 0 && (plan.streams ?? []).length === 0;
}

/** A plan without changes: what is asked for is in force. */
export function isNothing(plan: Plan): boolean {
  return plan.changes.length === 0;
}

const STALE = 412;
const GONE = 404;
/* Other administrators and scripts change other things all the time; not for ever, though. */
const TRIES = 8;

function sameAs(base: Draft, theirs: Partner): boolean {
  const now = draftOf(theirs);
  return FIELDS.every((f) => sameField(f, base, now));
}

/* What became of the partner since; null: nothing did, and this is the generation to go on with. */
async function sinceThen(
  daemon: Daemon,
  origin: Origin,
): Promise<{ generation: number } | Extract<Outcome, { is: 'conflict' | 'gone' }>> {
  const now = await daemon.read(origin.key);
  if (!now) return { is: 'gone' };
  if (!sameAs(origin.base, now.item))
    return { is: 'conflict', theirs: now.item, generation: now.generation };
  return { generation: now.generation };
}

/* Told so by the daemon: everything else, such as silence, is no answer and is thrown on. */
function isAnswer(e: unknown): e is Problem {
  return isProblem(e) && e.status > 0;
}

const gaveUp = (): Outcome => ({
  is: 'refused',
  problem: new Problem(STALE, { code: 'changed_meanwhile' }),
});

/**
 * Plans, and saves when there is nothing to show. mayBeQuiet false: the plan is always shown (what
 * cannot be undone, or touches several). Throws only what is no answer of the daemon: a lost
 * connection, an expired session.
 */
export async function commit(
  daemon: Daemon,
  ask: Ask,
  origin: Origin | null,
  mayBeQuiet = true,
): Promise<Outcome> {
  for (let i = 0; i < TRIES; i++) {
    const since = origin ? await sinceThen(daemon, origin) : null;
    if (since && 'is' in since) return since;
    try {
      const changed = await daemon.change(ask, { dryRun: true, ...since });
      if (isNothing(changed.plan)) return { is: 'unchanged' };
      if (!mayBeQuiet || !isQuiet(changed.plan)) return { is: 'plan', changed };
      const generation = changed.plan.generation;
      return { is: 'saved', changed: await daemon.change(ask, { dryRun: false, generation }) };
    } catch (e) {
      if (!isAnswer(e)) throw e;
      if (origin && e.status === GONE) return { is: 'gone' };
      if (e.status !== STALE) return { is: 'refused', problem: e };
    }
  }
  return gaveUp();
}

/**
 * Carries out a plan that was shown. When the settings have changed meanwhile and the new plan is
 * the same, it is carried out; when it is another, it is shown again.
 */
export async function commitPlan(
  daemon: Daemon,
  ask: Ask,
  origin: Origin | null,
  shown: Changed,
): Promise<Outcome> {
  let plan = shown.plan;
  for (let i = 0; i < TRIES; i++) {
    try {
      return {
        is: 'saved',
        changed: await daemon.change(ask, { dryRun: false, generation: plan.generation }),
      };
    } catch (e) {
      if (!isAnswer(e)) throw e;
      if (origin && e.status === GONE) return { is: 'gone' };
      if (e.status !== STALE) return { is: 'refused', problem: e };
    }
    const again = await commit(daemon, ask, origin, false);
    if (again.is !== 'plan' || !samePlan(again.changed.plan, shown.plan)) return again;
    plan = again.changed.plan;
  }
  return gaveUp();
}

/** Would the administrator see the same? Streams come and go by themselves: their ids count. */
export function samePlan(a: Plan, b: Plan): boolean {
  const seen = (p: Plan) =>
    JSON.stringify([p.changes, p.warnings, (p.streams ?? []).map((s) => s.id).sort()]);
  return seen(a) === seen(b);
}
