import { act, cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Session } from '../api/types';
import { show } from '../testing/render';
import { Expiry } from './Expiry';
import { sessions } from './store';

const minutes = (n: number) => n * 60_000;
/** What the service says a session is; each request of a person moves its end. */
let idleEnds: number;
let ends: number;
let asked: { background: boolean }[];

const session = (): Session => ({
  name: 'anna', display: 'Anna', source: 'password', way: 'panel', roles: [], rights: [], csrf: '', must: null,
  body_logging: false, idle_expires: new Date(idleEnds).toISOString(), expires: new Date(ends).toISOString(),
});

beforeEach(async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  idleEnds = Date.now() + minutes(15);
  ends = Date.now() + minutes(600);
  asked = [];
  vi.stubGlobal('fetch', vi.fn(async (_: string, init: { headers: Record<string, string> }) => {
    const background = init.headers['x-entente-background'] === '1';
    asked.push({ background });
    if (!background) idleEnds = Date.now() + minutes(15);
    return new Response(JSON.stringify(session()), { headers: { 'content-type': 'application/json' } });
  }));
  act(() => sessions.set({ is: 'here', session: session() }));
  await show(<Expiry />);
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** React sets the next timer after each turn. */
async function pass(ms: number) {
  const step = ms > 30_000 ? 10_000 : 1000;
  for (let gone = 0; gone < ms; gone += step) await act(() => vi.advanceTimersByTimeAsync(Math.min(step, ms - gone)));
}
const warning = () => screen.queryByRole('alert');

it('says nothing as long as there is time', async () => {
  await pass(minutes(12));
  expect(warning()).toBeNull();
});

it('warns two minutes before the end for want of activity, and counts down', async () => {
  await pass(minutes(13) + 2000);
  expect(warning()?.textContent).toMatch(/signed out soon/);
  const left = () => Number(/(\d+) seconds? left/.exec(warning()!.textContent!)![1]);
  const before = left();
  expect(before).toBeGreaterThan(100);
  await pass(10_000);
  expect(left()).toBeGreaterThanOrEqual(before - 12);
  expect(left()).toBeLessThanOrEqual(before - 8);
  // It looked before it warned, and not as if somebody had.
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.every((a) => a.background)).toBe(true);
});

it('goes away when somebody stays, which the service hears', async () => {
  await pass(minutes(13) + 2000);
  fireEvent.click(screen.getByRole('button', { name: 'Stay signed in' }));
  await pass(2000);
  expect(asked.some((a) => !a.background)).toBe(true);
  expect(warning()).toBeNull();
});

it('does not warn who is typing: that he is here is told instead', async () => {
  await pass(minutes(12) + 50_000);
  fireEvent.keyDown(window, { key: 'a' });
  await pass(20_000);
  expect(warning()).toBeNull();
  expect(asked.some((a) => !a.background)).toBe(true);
});

it('warns of the end that no activity moves, without a way to stay', async () => {
  ends = Date.now() + minutes(10);
  act(() => sessions.set({ is: 'here', session: session() }));
  await pass(minutes(8) + 2000);
  expect(warning()?.textContent).toMatch(/sign in again/);
  expect(screen.queryByRole('button', { name: 'Stay signed in' })).toBeNull();
});
