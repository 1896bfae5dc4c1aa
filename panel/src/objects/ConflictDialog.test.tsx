import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sessions } from '../session/store';
import { show } from '../testing/render';
import { ConflictDialog } from './ConflictDialog';
import { draftOf, type Draft } from './model';
import { routeKind } from './samples';

const base = draftOf(routeKind, {
  name: 'main', description: 'old', next_hop: 'sip:a.example', transport: 'udp', sources: ['10.0.0.1'], error_wait: 300,
  congestion_safe: false,
});
const mine: Draft = { ...base, description: 'mine', error_wait: '400' };
/** They changed what I did, and the transport. */
const theirs: Draft = { ...base, description: 'theirs', transport: 'tls' };

const person = (rights: string[]) => sessions.set({ is: 'here', session: {
  name: 'anna', display: 'Anna', source: 'password', way: 'panel', roles: [], rights, csrf: '', idle_expires: null,
  expires: null, must: null, body_logging: false } });

const asked: string[] = [];
beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal('fetch', vi.fn(async (url: string) => {
    asked.push(url);
    return new Response(JSON.stringify({ items: [{ who: 'berta', at: '2026-11-22T10:00:00.000Z' }] }),
      { headers: { 'content-type': 'application/json' } });
  }));
});
afterEach(() => vi.unstubAllGlobals());

async function shown() {
  const [onResolve, onDiscard, onCancel] = [vi.fn<(merged: Draft) => void>(), vi.fn(), vi.fn()];
  await show(<ConflictDialog info={routeKind} name="main" base={base} mine={mine} theirs={theirs}
    onResolve={onResolve} onDiscard={onDiscard} onCancel={onCancel} />);
  return { onResolve, onDiscard, onCancel, user: userEvent.setup() };
}

it('says who it was to those who may read the audit log', async () => {
  person(['audit.read']);
  await shown();
  expect(await screen.findByText(/berta/)).toBeTruthy();
  expect(asked).toEqual(['/api/v1/audit?kind=route&key=main&limit=1']);
});

it('asks nobody who it was for those who may not', async () => {
  person([]);
  await shown();
  expect(screen.getByText(/somebody|someone/i)).toBeTruthy();
  expect(asked).toEqual([]);
});

it('takes what only they changed, and asks only about what both did', async () => {
  person([]);
  await shown();
  expect(screen.getByText(/tls/i)).toBeTruthy();
  const groups = screen.getAllByRole('radiogroup');
  expect(groups).toHaveLength(1);
  expect(within(groups[0]!).getAllByRole('radio').map((r) => (r as HTMLInputElement).checked)).toEqual([true, false]);
});

it('goes on with mine and theirs together', async () => {
  person([]);
  const { onResolve, user } = await shown();
  await user.click(screen.getByRole('button', { name: 'Go on with this' }));
  expect(onResolve).toHaveBeenCalledExactlyOnceWith({ ...mine, transport: 'tls' });
});

it('goes on with theirs where that was chosen', async () => {
  person([]);
  const { onResolve, onDiscard, onCancel, user } = await shown();
  await user.click(screen.getAllByRole('radio')[1]!);
  await user.click(screen.getByRole('button', { name: 'Go on with this' }));
  expect(onResolve).toHaveBeenCalledExactlyOnceWith({ ...mine, description: 'theirs', transport: 'tls' });
  expect(onDiscard).not.toHaveBeenCalled();
  expect(onCancel).not.toHaveBeenCalled();
});

it('discards mine, or leaves all as it was typed', async () => {
  person([]);
  const { onResolve, onDiscard, onCancel, user } = await shown();
  await user.click(screen.getByRole('button', { name: 'Drop what I typed' }));
  expect(onDiscard).toHaveBeenCalledOnce();
  await user.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(onCancel).toHaveBeenCalledOnce();
  expect(onResolve).not.toHaveBeenCalled();
});
