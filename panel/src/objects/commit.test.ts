import { describe, expect, it } from 'vitest';
import { Problem } from '../api/problem';
import type { Changed, Plan } from '../api/types';
import { commit, commitPlan, type Work } from './commit';

const change = { verb: 'set' as const, kind: 'route' as const, key: 'main', fields: [{ name: 'error_wait', before: '300', after: '500' }] };
const warning = {
  code: 'late_errors_not_told', kind: 'route', key: 'main', field: 'late_error', text: 'senders are not told',
};

function answer(dryRun: boolean, part: Partial<Plan> = {}): Changed {
  return { dry_run: dryRun, generation: dryRun ? 7 : 8, plan: { generation: 7, changes: [change], warnings: [], streams: [], ...part } };
}

/** Answers in the order given; sent is what it was asked. */
function daemon(answers: (Changed | Problem)[], rest: Partial<Work> = {}) {
  const sent: unknown[] = [];
  const work: Work = {
    send: (how) => {
      sent.push(how);
      const next = answers.shift()!;
      return next instanceof Problem ? Promise.reject(next) : Promise.resolve(next);
    },
    ...rest,
  };
  return { work, sent };
}
const here = (generation = 7) => ({ read: () => Promise.resolve({ generation, item: {} }), unchanged: () => true });
const stale = new Problem(412, { code: 'changed_meanwhile' });

describe('commit', () => {
  it('saves at once what closes nothing and warns of nothing, in the planned generation', async () => {
    const { work, sent } = daemon([answer(true), answer(false)], here());
    expect((await commit(work)).is).toBe('saved');
    expect(sent).toEqual([{ dryRun: true, generation: 7 }, { dryRun: false, generation: 7 }]);
  });

  it('shows a plan that warns or closes streams', async () => {
    expect((await commit(daemon([answer(true, { warnings: [warning] })]).work)).is).toBe('plan');
    const streams = [{ id: 's', partner: 'p', local: 'l', remote: 'r', dir: 'out' as const, reason: 'x' }];
    expect((await commit(daemon([answer(true, { streams })]).work)).is).toBe('plan');
    expect((await commit(daemon([answer(true)], { alwaysShow: true }).work)).is).toBe('plan');
  });

  it('says when there is nothing to do', async () => {
    const { work, sent } = daemon([answer(true, { changes: [] })]);
    expect((await commit(work)).is).toBe('unchanged');
    expect(sent).toHaveLength(1);
  });

  it('plans anew when only something else was changed meanwhile', async () => {
    const { work, sent } = daemon([answer(true), stale, answer(true), answer(false)], here());
    expect((await commit(work)).is).toBe('saved');
    expect(sent).toHaveLength(4);
  });

  it('saves nothing when the object itself was changed, or is gone', async () => {
    const { work, sent } = daemon([], { ...here(), unchanged: () => false });
    expect((await commit(work)).is).toBe('conflict');
    expect(sent).toEqual([]);
    expect((await commit(daemon([], { read: () => Promise.resolve(null) }).work)).is).toBe('gone');
    expect((await commit(daemon([new Problem(404, { code: 'not_found' })], here()).work)).is).toBe('gone');
  });

  it('hands a refusal on, and throws what is no answer', async () => {
    const no = new Problem(422, { code: 'out_of_range', field: 'error_wait' });
    expect(await commit(daemon([no]).work)).toEqual({ is: 'refused', problem: no });
    await expect(commit(daemon([Problem.noAnswer()]).work)).rejects.toMatchObject({ code: 'no_answer' });
  });

  it('gives up when everything changes all the time', async () => {
    const { work } = daemon(Array<Problem>(20).fill(stale), here());
    expect(await commit(work)).toMatchObject({ is: 'refused', problem: { code: 'changed_meanwhile' } });
  });
});

describe('a plan that was shown', () => {
  const shown = answer(true, { warnings: [warning] });

  it('is carried out in its generation', async () => {
    const { work, sent } = daemon([answer(false)]);
    expect((await commitPlan(work, shown)).is).toBe('saved');
    expect(sent).toEqual([{ dryRun: false, generation: 7 }]);
  });

  it('is carried out when it is still the same one later', async () => {
    const later = answer(true, { warnings: [warning], generation: 9 });
    const { work, sent } = daemon([stale, later, answer(false)]);
    expect((await commitPlan(work, shown)).is).toBe('saved');
    expect(sent.at(-1)).toEqual({ dryRun: false, generation: 9 });
  });

  it('is shown again when it has become another', async () => {
    const { work } = daemon([stale, answer(true, { warnings: [warning, warning] })]);
    expect((await commitPlan(work, shown)).is).toBe('plan');
  });
});
