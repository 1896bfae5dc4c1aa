import { describe, expect, it } from 'vitest';
import { Problem } from '../../api/client';
import type { Changed, Partner, Plan } from '../../api/types';
import { commit, commitPlan, type Ask, type Daemon } from './commit';
import { draftOf } from './model';

const partner: Partner = {
  domain: 'a.example',
  domain_unicode: 'a.example',
  additional_domains: [],
  additional_domains_unicode: [],
  description: null,
  partner_type: 'Federated',
  tls_negotiation: 'Required',
  sasl_negotiation: 'Required',
  support_dialback_negotiation: false,
  enable_keep_alive: true,
  proxy_fqdn: null,
  connection_limit: null,
  enabled: true,
};
const ask: Ask = { verb: 'set', key: 'a.example', settings: { description: 'x' } };
const changes: Plan['changes'] = [
  {
    verb: 'set',
    kind: 'partner',
    key: 'a.example',
    fields: [{ name: 'description', before: '', after: 'x' }],
  },
];
const warning = { code: 'w', kind: 'partner', key: 'a.example', field: 'domain', text: 'w' };
const stream = { id: 's1', partner: 'a.example', local: 'l', remote: 'a.example', dir: 'out' as const, reason: 'r' };

/** A daemon with a generation that others may raise. */
class Fake implements Daemon {
  generation = 5;
  item: Partner | null = partner;
  plan: Partial<Plan> = {};
  calls: string[] = [];
  /** Runs before each call: somebody else at work. */
  meanwhile: (() => void)[] = [];
  error: unknown;

  async change(_: Ask, how: { dryRun: boolean; generation?: number }): Promise<Changed> {
    this.meanwhile.shift()?.();
    this.calls.push(`${how.dryRun ? 'plan' : 'save'} ${how.generation ?? '-'}`);
    if (this.error) throw this.error;
    if (how.generation !== undefined && how.generation !== this.generation)
      throw new Problem(412, { code: 'changed_meanwhile' });
    const plan: Plan = { generation: this.generation, changes, warnings: [], streams: [], ...this.plan };
    if (!how.dryRun) this.generation++;
    return { dry_run: how.dryRun, generation: this.generation, plan };
  }
  async read() {
    this.calls.push('read');
    return this.item && { generation: this.generation, item: this.item };
  }
}
const origin = { key: 'a.example', base: draftOf(partner) };

describe('commit', () => {
  it('saves at once what closes nothing and warns of nothing', async () => {
    const d = new Fake();
    expect((await commit(d, ask, origin)).is).toBe('saved');
    expect(d.calls).toEqual(['read', 'plan 5', 'save 5']);
  });
  it.each([
    ['warns', { warnings: [warning] }],
    ['closes a stream', { streams: [stream] }],
  ])('shows a plan that %s', async (_, plan) => {
    const d = Object.assign(new Fake(), { plan });
    const outcome = await commit(d, ask, origin);
    expect(outcome.is).toBe('plan');
    expect(d.calls).toEqual(['read', 'plan 5']);
  });
  it('shows any plan of what cannot be undone', async () => {
    const d = new Fake();
    expect((await commit(d, { verb: 'remove', key: 'a.example' }, null, false)).is).toBe('plan');
    expect(d.calls).toEqual(['plan -']);
  });
  it('says when nothing would change', async () => {
    const d = Object.assign(new Fake(), { plan: { changes: [] } });
    expect((await commit(d, ask, origin)).is).toBe('unchanged');
  });
  it('goes on when other things were changed meanwhile', async () => {
    const d = new Fake();
    d.meanwhile = [() => d.generation++];
    expect((await commit(d, ask, origin)).is).toBe('saved');
    expect(d.calls).toEqual(['read', 'plan 5', 'read', 'plan 6', 'save 6']);
  });
  it('goes on when that happens between plan and commit', async () => {
    const d = new Fake();
    d.meanwhile = [() => {}, () => d.generation++];
    expect((await commit(d, ask, origin)).is).toBe('saved');
    expect(d.calls).toEqual(['read', 'plan 5', 'save 5', 'read', 'plan 6', 'save 6']);
  });
  it('asks when the partner itself was changed', async () => {
    const d = Object.assign(new Fake(), { generation: 9, item: { ...partner, description: 'y' } });
    const outcome = await commit(d, ask, origin);
    expect(outcome).toMatchObject({ is: 'conflict', theirs: { description: 'y' } });
    expect(d.calls).not.toContain('save 9');
  });
  it('says when the partner is gone', async () => {
    const d = Object.assign(new Fake(), { generation: 9, item: null });
    expect((await commit(d, ask, origin)).is).toBe('gone');
    const e = Object.assign(new Fake(), { error: new Problem(404, { code: 'not_found' }) });
    expect((await commit(e, ask, origin)).is).toBe('gone');
  });
  it('plans a new partner against whatever there is, again when that moves', async () => {
    const d = new Fake();
    d.meanwhile = [() => {}, () => d.generation++];
    expect((await commit(d, { verb: 'add', key: 'b.example', settings: {} }, null)).is).toBe('saved');
    expect(d.calls).toEqual(['plan -', 'save 5', 'plan -', 'save 6']);
  });
  it('hands a refusal on, with what it says', async () => {
    const problem = new Problem(422, { code: 'sasl_requires_tls', detail: 'd' });
    const d = Object.assign(new Fake(), { error: problem });
    expect(await commit(d, ask, origin)).toEqual({ is: 'refused', problem });
    expect(d.calls).toEqual(['read', 'plan 5']);
  });
  it('lets a lost connection through', async () => {
    const d = Object.assign(new Fake(), { error: Problem.noAnswer() });
    await expect(commit(d, ask, origin)).rejects.toThrow('no_answer');
  });
  it('does not try for ever', async () => {
    const d = new Fake();
    d.meanwhile = Array.from({ length: 99 }, () => () => d.generation++);
    expect(await commit(d, ask, origin)).toMatchObject({
      is: 'refused',
      problem: { code: 'changed_meanwhile' },
    });
  });
});

describe('a plan that was shown', () => {
  const shown = async (d: Fake) => {
    const outcome = await commit(d, ask, origin, false);
    if (outcome.is !== 'plan') throw new Error(outcome.is);
    d.calls = [];
    return outcome.changed;
  };
  it('is carried out in its generation', async () => {
    const d = Object.assign(new Fake(), { plan: { streams: [stream] } });
    expect((await commitPlan(d, ask, origin, await shown(d))).is).toBe('saved');
    expect(d.calls).toEqual(['save 5']);
  });
  it('is carried out in a later one when it is the same', async () => {
    const d = new Fake();
    const plan = await shown(d);
    d.generation = 8;
    expect((await commitPlan(d, ask, origin, plan)).is).toBe('saved');
    expect(d.calls).toEqual(['save 5', 'read', 'plan 8', 'save 8']);
  });
  it('is shown again when it is another', async () => {
    const d = new Fake();
    const plan = await shown(d);
    d.generation = 8;
    d.plan = { streams: [stream] };
    const outcome = await commitPlan(d, ask, origin, plan);
    expect(outcome).toMatchObject({ is: 'plan', changed: { plan: { generation: 8 } } });
  });
  it('is not carried out over a change of the same partner', async () => {
    const d = new Fake();
    const plan = await shown(d);
    d.generation = 8;
    d.item = { ...partner, enabled: false };
    expect((await commitPlan(d, ask, origin, plan)).is).toBe('conflict');
    expect(d.calls).not.toContain('save 8');
  });
  it('is the same whatever the order of its streams', async () => {
    const other = { ...stream, id: 's2' };
    const d = Object.assign(new Fake(), { plan: { streams: [stream, other] } });
    const plan = await shown(d);
    d.generation = 8;
    d.plan = { streams: [other, stream] };
    expect((await commitPlan(d, ask, origin, plan)).is).toBe('saved');
  });
});
