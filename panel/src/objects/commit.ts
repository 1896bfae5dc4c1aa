/*
 * Commit of an object of any kind. The object is read again: is it what the form began with? Then the
 * service is asked for the plan against that generation; a plan that closes nothing and warns of
 * nothing is carried out at once, any other is shown. Nothing is saved that was not planned in the
 * same generation.
 */
import { isProblem, Problem } from '../api/problem';
import type { Changed, Plan } from '../api/types';
import type { Item } from './model';

export interface Work {
  /** Sends the change; without a generation only to plan it. */
  send(how: { dryRun: boolean; generation?: number }): Promise<Changed>;
  /** The object as it is now, null when it is gone; absent when there is nothing to guard. */
  read?(): Promise<{ generation: number; item: Item } | null>;
  /** Is this what the form began with? */
  unchanged?(item: Item): boolean;
  /** The plan is shown whatever it says. */
  alwaysShow?: boolean;
}

export type Outcome =
  | { is: 'saved'; changed: Changed }
  | { is: 'unchanged' }
  | { is: 'plan'; changed: Changed }
  | { is: 'conflict'; theirs: Item }
  | { is: 'gone' }
  | { is: 'refused'; problem: Problem };

const STALE = 412;
const GONE = 404;
/* Others change other things all the time; not for ever, though. */
const TRIES = 8;

const isAnswer = (e: unknown): e is Problem => isProblem(e) && e.status > 0;
const gaveUp = (): Outcome => ({ is: 'refused', problem: new Problem(STALE, { code: 'changed_meanwhile' }) });
const quiet = (p: Plan) => p.warnings.length === 0 && (p.streams ?? []).length === 0;

/** Would an administrator see the same? */
function samePlan(a: Plan, b: Plan): boolean {
  const seen = (p: Plan) => JSON.stringify([p.changes, p.warnings, (p.streams ?? []).map((s) => s.id).sort()]);
  return seen(a) === seen(b);
}

async function sinceThen(work: Work): Promise<{ generation?: number } | Extract<Outcome, { is: 'conflict' | 'gone' }>> {
  if (!work.read) return {};
  const now = await work.read();
  if (!now) return { is: 'gone' };
  if (work.unchanged && !work.unchanged(now.item)) return { is: 'conflict', theirs: now.item };
  return { generation: now.generation };
}

function refused(work: Work, e: unknown): Outcome | null {
  if (!isAnswer(e)) throw e;
  if (work.read && e.status === GONE) return { is: 'gone' };
  return e.status === STALE ? null : { is: 'refused', problem: e };
}

/** Throws only what is no answer: a lost connection, a session that ended. */
export async function commit(work: Work): Promise<Outcome> {
  for (let i = 0; i < TRIES; i++) {
    try {
      const since = await sinceThen(work);
      if ('is' in since) return since;
      const planned = await work.send({ dryRun: true, ...since });
      if (planned.plan.changes.length === 0 && !work.alwaysShow) return { is: 'unchanged' };
      if (work.alwaysShow || !quiet(planned.plan)) return { is: 'plan', changed: planned };
      return { is: 'saved', changed: await work.send({ dryRun: false, generation: planned.plan.generation }) };
    } catch (e) {
      const outcome = refused(work, e);
      if (outcome) return outcome;
    }
  }
  return gaveUp();
}

/** Carries out a plan that was shown; when it has become another, that one is shown. */
export async function commitPlan(work: Work, shown: Changed): Promise<Outcome> {
  let plan = shown.plan;
  for (let i = 0; i < TRIES; i++) {
    try {
      return { is: 'saved', changed: await work.send({ dryRun: false, generation: plan.generation }) };
    } catch (e) {
      const outcome = refused(work, e);
      if (outcome) return outcome;
    }
    const again = await commit({ ...work, alwaysShow: true });
    if (again.is !== 'plan' || !samePlan(again.changed.plan, shown.plan)) return again;
    plan = again.changed.plan;
  }
  return gaveUp();
}
