/**
 * What somebody is typing, kept in this tab's sessionStorage under his name: it survives the end of
 * his session, a restart of the daemon and a reload, and nobody else sees it.
 */
import { useCallback, useEffect, useMemo, useRef, useState, type SetStateAction } from 'react';
import { useSession } from './session';

interface Kept<T> {
  value: T;
  base: T;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function read<T>(key: string): Kept<T> | null {
  try {
    const text = sessionStorage.getItem(key);
    return text ? (JSON.parse(text) as Kept<T>) : null;
  } catch {
    return null;
  }
}

function write<T extends object>(key: string, kept: Kept<T>, omit: readonly string[]) {
  const clean = (o: T) => Object.fromEntries(Object.entries(o).filter(([k]) => !omit.includes(k)));
  try {
    sessionStorage.setItem(key, JSON.stringify({ value: clean(kept.value), base: clean(kept.base) }));
  } catch {
    // Full or forbidden: the draft lives as long as the page does.
  }
}

export interface Draft<T> {
  value: T;
  set: (next: SetStateAction<T>) => void;
  /** One field. */
  patch: (part: Partial<T>) => void;
  dirty: boolean;
  /** It was there before this page was opened: say so. */
  restored: boolean;
  /** What it started from: what a conflict is compared with. */
  base: T;
  /** The saved object is another now (a conflict, or it was committed): start from it, keep or drop what was typed. */
  rebase: (base: T, value?: T) => void;
  /** Forgets it. */
  clear: () => void;
}

/**
 * initial: what is saved now (undefined while it is read). omit: names of members that are secret
 * and never stored.
 */
export function useDraft<T extends object>(key: string, initial: T | undefined, omit: readonly string[] = []): Draft<T> {
  const { name } = useSession();
  const full = `draft:${name}:${key}`;
  const found = useMemo(() => read<T>(full), [full]);
  const [state, setState] = useState<Kept<T> | null>(null);
  const omitted = useRef(omit);
  const start = initial ?? ({} as T);
  const current: Kept<T> = state ?? (found
    ? { value: { ...start, ...found.value }, base: { ...start, ...found.base } }
    : { value: start, base: start });
  const latest = useRef(current);
  latest.current = current;
  const dirty = !same(current.value, current.base);

  const put = useCallback((next: Kept<T>) => {
    latest.current = next;
    setState(next);
    if (same(next.value, next.base)) sessionStorage.removeItem(full);
    else write(full, next, omitted.current);
  }, [full]);

  useEffect(() => setState(null), [full]);

  return {
    value: current.value,
    base: current.base,
    dirty,
    restored: found !== null,
    set: useCallback((next) => {
      const { value, base } = latest.current;
      put({ base, value: typeof next === 'function' ? (next as (v: T) => T)(value) : next });
    }, [put]),
    patch: useCallback((part) => {
      const { value, base } = latest.current;
      put({ base, value: { ...value, ...part } });
    }, [put]),
    rebase: useCallback((base, value) => put({ base, value: value ?? base }), [put]),
    clear: useCallback(() => {
      sessionStorage.removeItem(full);
      const { base } = latest.current;
      latest.current = { value: base, base };
      setState({ value: base, base });
    }, [full]),
  };
}
