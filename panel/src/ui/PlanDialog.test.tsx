import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import type { Plan, PlannedClose } from '../api/types';
import { show } from '../testing/render';
import { PlanDialog } from './PlanDialog';

const change: Plan['changes'][number] = {
  verb: 'set', kind: 'partner', key: 'a.example', fields: [{ name: 'enabled', before: 'true', after: 'false' }],
};
const stream = (i: number): PlannedClose =>
  ({ dir: i % 2 ? 'in' : 'out', id: `s${i}`, partner: 'a.example', local: 'sip.lab', remote: 'a.example', reason: 'disabled' });

function shown(plan: Partial<Plan> | null, more: { busy?: boolean; error?: unknown } = {}) {
  const onCommit = vi.fn();
  const onCancel = vi.fn();
  const whole = plan && { generation: 7, changes: [change], warnings: [], streams: [], ...plan };
  return show(<PlanDialog plan={whole} {...more} onCommit={onCommit} onCancel={onCancel} />)
    .then(() => ({ onCommit, onCancel, user: userEvent.setup() }));
}

it('is closed without a plan', async () => {
  await shown(null);
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('says what becomes different, by the names and words of the panel', async () => {
  await shown({});
  const cells = within(screen.getByRole('table')).getAllByRole('row')[1]!;
  expect([...cells.children].map((c) => c.textContent)).toEqual(['Enabled', 'Yes', 'No']);
});

it('commits and cancels, each once, and not while it is busy', async () => {
  const { onCommit, onCancel, user } = await shown({});
  await user.click(screen.getByRole('button', { name: 'Commit' }));
  expect(onCommit).toHaveBeenCalledOnce();
  await user.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(onCancel).toHaveBeenCalledOnce();
});

it('takes nothing while it is busy', async () => {
  const { onCommit, onCancel, user } = await shown({}, { busy: true });
  for (const name of ['Commit', 'Cancel']) expect(screen.getByRole('button', { name })).toHaveProperty('disabled', true);
  await user.keyboard('{Escape}');
  expect(onCommit).not.toHaveBeenCalled();
  expect(onCancel).not.toHaveBeenCalled();
});

it('warns in words of its own, or in those of the service where it has none', async () => {
  const warning = { kind: 'partner', key: 'a.example', field: 'tls_negotiation' };
  await shown({ warnings: [
    { ...warning, code: 'unencrypted_possible', text: 'the word of the service' },
    { ...warning, code: 'never_heard_of', text: 'what the service says of it' },
  ] });
  expect(screen.queryByText('the word of the service')).toBeNull();
  expect(screen.getByText('what the service says of it')).toBeTruthy();
});

it('counts the streams that close and names the first twenty', async () => {
  await shown({ streams: Array.from({ length: 23 }, (_, i) => stream(i)) });
  expect(screen.getByText(/23 streams will be closed/i)).toBeTruthy();
  expect(screen.getAllByRole('listitem')).toHaveLength(20);
  expect(screen.getByText(/3 more/)).toBeTruthy();
});
