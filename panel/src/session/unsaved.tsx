/** Unsaved changes ask before they are left behind. */
import { Suspense, createContext, lazy, useContext, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useBlocker } from 'react-router-dom';
import { usePhase } from './session';

const ConfirmDialog = lazy(async () => ({ default: (await import('../ui/ConfirmDialog')).ConfirmDialog }));

interface Registry {
  put(id: string, discard: (() => void) | undefined): void;
  drop(id: string): void;
}

const Context = createContext<Registry | null>(null);

export function UnsavedProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const dirty = useRef(new Map<string, (() => void) | undefined>());
  const [, redraw] = useState(0);
  const phase = usePhase();
  const registry = useMemo<Registry>(() => ({
    put: (id, discard) => {
      dirty.current.set(id, discard);
      redraw((n) => n + 1);
    },
    drop: (id) => {
      dirty.current.delete(id);
      redraw((n) => n + 1);
    },
  }), []);
  const blocker = useBlocker(({ currentLocation, nextLocation }) =>
    dirty.current.size > 0 && currentLocation.pathname !== nextLocation.pathname);

  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      // An ended session's drafts are kept for the next one.
      if (dirty.current.size > 0 && phase.is === 'here') event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [phase.is]);

  return (
    <Context.Provider value={registry}>
      {children}
      {blocker.state === 'blocked' ? (
        <Suspense>
          <ConfirmDialog
            open
            title={t('unsaved.title')}
            text={t('unsaved.text')}
            confirm={t('unsaved.discard')}
            cancel={t('unsaved.stay')}
            danger
            onConfirm={() => {
              for (const discard of dirty.current.values()) discard?.();
              dirty.current.clear();
              blocker.proceed?.();
            }}
            onCancel={() => blocker.reset?.()}
          />
        </Suspense>
      ) : null}
    </Context.Provider>
  );
}

/** While dirty, leaving the page asks. discard: what is done when the answer is to leave. */
export function useUnsaved(dirty: boolean, discard?: () => void) {
  const registry = useContext(Context);
  const id = useId();
  const latest = useRef(discard);
  latest.current = discard;
  useEffect(() => {
    if (!dirty || !registry) return;
    registry.put(id, () => latest.current?.());
    return () => registry.drop(id);
  }, [dirty, id, registry]);
}
