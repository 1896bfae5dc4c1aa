/** Commit for a page: the plan when it has to be shown, a refusal, a conflict, an object that is gone. */
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem';
import type { Changed } from '../api/types';
import { PlanDialog } from '../ui';
import { commit, commitPlan, type Outcome, type Work } from './commit';
import type { Item } from './model';

interface Shown {
  work: Work;
  changed: Changed;
}

export interface CommitState {
  busy: boolean;
  /** A refusal, or no answer. */
  problem: unknown;
  /** The object is another than the form began with. */
  theirs: Item | null;
  run(work: Work): void;
  forget(): void;
  /** The plan, to be put into the page. */
  dialog: ReactNode;
}

export function useCommit(options: {
  onSaved(changed: Changed): void;
  onUnchanged?(): void;
  title?: string;
  label?: string;
  /** More to be seen beside the plan. */
  children?: ReactNode;
}): CommitState {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [theirs, setTheirs] = useState<Item | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);

  async function take(work: Work, turn: Promise<Outcome>) {
    setBusy(true);
    setProblem(null);
    setTheirs(null);
    try {
      const outcome = await turn;
      setShown(outcome.is === 'plan' ? { work, changed: outcome.changed } : null);
      if (outcome.is === 'saved') options.onSaved(outcome.changed);
      if (outcome.is === 'unchanged') options.onUnchanged?.();
      if (outcome.is === 'conflict') setTheirs(outcome.theirs);
      if (outcome.is === 'gone') setProblem(new Problem(404, { code: 'not_found', detail: t('objects.gone') }));
      if (outcome.is === 'refused') setProblem(outcome.problem);
    } catch (e) {
      setProblem(e);
    } finally {
      setBusy(false);
    }
  }

  return {
    busy, problem, theirs,
    run: (work) => void take(work, commit(work)),
    forget: useCallback(() => {
      setProblem(null);
      setTheirs(null);
      setShown(null);
    }, []),
    dialog: (
      <PlanDialog plan={shown?.changed.plan ?? null} title={options.title} busy={busy} error={shown ? problem : null}
        commitLabel={options.label} onCommit={() => shown && void take(shown.work, commitPlan(shown.work, shown.changed))}
        onCancel={() => setShown(null)}>
        {options.children}
      </PlanDialog>
    ),
  };
}
