/** A change on its way: planned, shown where there is something to see, carried out. */
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { isProblem } from '../../api/client';
import { changed as readAgain } from '../../api/queries';
import type { Changed, Partner } from '../../api/types';
import { PlanDialog } from '../../ui';
import { commit, commitPlan, type Ask, type Origin, type Outcome } from './commit';
import { daemon } from './data';

export interface Running {
  ask: Ask;
  /** What the form began with; null: there is nothing to guard. */
  origin: Origin | null;
  /** false: the plan is shown whatever it says. */
  mayBeQuiet?: boolean;
  title?: string;
  onSaved(changed: Changed | null): void;
  onConflict?(theirs: Partner): void;
  onGone?(): void;
}

export interface Planned {
  run(what: Running): Promise<void>;
  busy: boolean;
  /** Why it was refused, or what went wrong. */
  problem: unknown;
  setProblem(problem: unknown): void;
  /** The dialog with the plan; belongs into the page. */
  dialog: ReactNode;
}

export function usePlanned(children?: ReactNode): Planned {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [shown, setShown] = useState<{ what: Running; changed: Changed } | null>(null);

  function come(what: Running, outcome: Outcome) {
    setShown(outcome.is === 'plan' ? { what, changed: outcome.changed } : null);
    switch (outcome.is) {
      case 'saved':
        void readAgain(client);
        what.onSaved(outcome.changed);
        break;
      case 'unchanged':
        what.onSaved(null);
        break;
      case 'conflict':
        what.onConflict?.(outcome.theirs);
        break;
      case 'gone':
        void readAgain(client);
        what.onGone?.();
        break;
      case 'refused':
        setProblem(outcome.problem);
        break;
      case 'plan':
        break;
    }
  }
  async function go(what: Running, how: () => Promise<Outcome>) {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      come(what, await how());
    } catch (e) {
      setShown(null);
      if (!(e instanceof DOMException && e.name === 'AbortError')) setProblem(e);
      if (!isProblem(e)) throw e;
    } finally {
      setBusy(false);
    }
  }

  return {
    run: (what) => go(what, () => commit(daemon, what.ask, what.origin, what.mayBeQuiet ?? true)),
    busy,
    problem,
    setProblem,
    dialog: (
      <PlanDialog plan={shown?.changed.plan ?? null} title={shown?.what.title} busy={busy}
        onCommit={() => void go(shown!.what, () =>
          commitPlan(daemon, shown!.what.ask, shown!.what.origin, shown!.changed))}
        onCancel={() => setShown(null)}>
        {children}
      </PlanDialog>
    ),
  };
}
