import { act, renderHook } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import type { Session } from '../api/types';
import { useDraft } from './draft';
import { sessions } from './store';

const person = (name: string): Session => ({
  name, display: name, source: 'password', way: 'panel', roles: [], rights: [], csrf: '', idle_expires: null, expires: null,
  must: null, body_logging: false,
});
const saved = { domain: 'a.example', description: 'old', secret: '' };
const draft = (initial: typeof saved | undefined = saved, omit: string[] = []) =>
  renderHook(({ value }) => useDraft('partner:a', value, omit), { initialProps: { value: initial } });

beforeEach(() => act(() => sessions.set({ is: 'here', session: person('anna') })));

it('starts clean, from what is saved, also when that comes later', () => {
  const { result, rerender } = draft(undefined);
  expect(result.current.dirty).toBe(false);
  rerender({ value: saved });
  expect(result.current).toMatchObject({ value: saved, dirty: false, restored: false });
});

it('survives a reload, under its writer\'s name only', () => {
  const first = draft();
  act(() => first.result.current.patch({ description: 'new' }));
  expect(first.result.current.dirty).toBe(true);
  first.unmount();

  const second = draft();
  expect(second.result.current).toMatchObject({ value: { ...saved, description: 'new' }, base: saved, dirty: true, restored: true });
  second.unmount();

  act(() => sessions.set({ is: 'here', session: person('berta') }));
  expect(draft().result.current).toMatchObject({ value: saved, dirty: false });
});

it('is forgotten when what was typed is taken back', () => {
  const { result } = draft();
  act(() => result.current.patch({ description: 'new' }));
  expect(sessionStorage.length).toBe(1);
  act(() => result.current.patch({ description: 'old' }));
  expect(sessionStorage.length).toBe(0);
  expect(result.current.dirty).toBe(false);
});

it('keeps what was typed over another base, after a conflict', () => {
  const { result } = draft();
  act(() => result.current.patch({ description: 'mine' }));
  const theirs = { ...saved, domain: 'b.example' };
  act(() => result.current.rebase(theirs, { ...theirs, description: 'mine' }));
  expect(result.current).toMatchObject({ base: theirs, value: { domain: 'b.example', description: 'mine' }, dirty: true });
});

it('never stores what is secret', () => {
  const { result } = draft(saved, ['secret']);
  act(() => result.current.patch({ secret: 'passphrase', description: 'x' }));
  expect(result.current.value.secret).toBe('passphrase');
  expect(JSON.stringify({ ...sessionStorage })).not.toContain('passphrase');
});

it('is gone when it is cleared', () => {
  const { result } = draft();
  act(() => result.current.patch({ description: 'x' }));
  act(() => result.current.clear());
  expect(result.current).toMatchObject({ value: saved, dirty: false });
  expect(sessionStorage.length).toBe(0);
});
