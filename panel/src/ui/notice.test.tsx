import { act, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useNavigate, type NavigateFunction } from 'react-router-dom';
import { show } from '../testing/render';
import { Notices, useNotify } from './notice';

let go: NavigateFunction;
let notify: (text: string) => void;

function Page() {
  go = useNavigate();
  notify = useNotify();
  return null;
}

beforeEach(async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  await show(<Notices>{(bar) => <>{bar}<Page /></>}</Notices>);
});
afterEach(() => vi.useRealTimers());

const to = (path: string) => act(async () => { await go(path); });
const said = () => screen.getByRole('status').textContent;

it('goes along to the page that follows, also when that takes its time, and no further', async () => {
  act(() => notify('Saved.'));
  expect(said()).toContain('Saved.');
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  await to('/next');
  expect(said()).toContain('Saved.');
  await to('/after');
  expect(said()).toBe('');
});

it('is of the page that it was told on, when that is long ago', async () => {
  act(() => notify('Saved.'));
  await act(() => vi.advanceTimersByTimeAsync(31_000));
  await to('/next');
  expect(said()).toBe('');
});
