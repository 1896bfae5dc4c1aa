import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sessions } from '../session/store';
import { show } from '../testing/render';
import { Notices } from '../ui/notice';
import { ObjectEditor } from './ObjectEditor';
import type { Item, Section } from './model';
import { routeKind } from './samples';

const item: Item = {
  name: 'main', description: 'old', next_hop: 'sip:a.example', transport: 'udp', sources: ['10.0.0.1'], from_domains: [],
  from_domains_unicode: [], receive_rate: null, error_wait: 300, congestion_safe: false,
};
const sections: Section[] = [{ key: 'route', names: ['name', 'description', 'next_hop', 'transport'] }, { key: 'limits', names: [] }];

interface Asked {
  method: string;
  url: string;
  body: unknown;
  match: string | undefined;
}

/** A service with one route: asked is what it was sent. refuse: instead of a plan. */
let asked: Asked[];
let current: Item;
let generation: number;
let refuse: { status: number; body: object } | null;
let warnings: object[];

function answer(method: string, url: string, body: Item | null, match: string | undefined) {
  const json = (status: number, what: object) => new Response(JSON.stringify(what),
    { status, headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' } });
  if (method === 'GET') return json(200, { generation, item: current, warnings: [] });
  if (refuse) return json(refuse.status, refuse.body);
  if (match && match !== `"${generation}"`) return json(412, { status: 412, code: 'changed_meanwhile', detail: 'others were' });
  const dryRun = url.includes('dry_run=true');
  const fields = Object.entries(body ?? {}).map(([name, after]) => ({ name, before: String(current[name]), after: String(after) }));
  const plan = { generation, warnings, streams: [], changes: [{ verb: 'set', kind: 'route', key: 'main', fields }] };
  if (!dryRun) {
    current = { ...current, ...body };
    generation++;
  }
  return json(200, { dry_run: dryRun, generation, plan });
}

beforeEach(() => {
  asked = [];
  current = item;
  generation = 7;
  refuse = null;
  warnings = [];
  sessions.set({ is: 'here', session: { name: 'anna', display: 'Anna', source: 'password', way: 'panel', roles: [], rights: [],
    csrf: 'c', idle_expires: null, expires: null, must: null, body_logging: false } });
  vi.stubGlobal('fetch', vi.fn(async (url: string, init: { method: string; headers: Record<string, string>; body?: string }) => {
    const body = init.body ? JSON.parse(init.body) as Item : null;
    asked.push({ method: init.method, url, body, match: init.headers['if-match'] });
    return answer(init.method, url, body, init.headers['if-match']);
  }));
});
afterEach(() => vi.unstubAllGlobals());

const editor = (props: Partial<Parameters<typeof ObjectEditor>[0]> = {}) =>
  show(<Notices>{(bar) => <>{bar}<ObjectEditor info={routeKind} itemKey="main" item={item} sections={sections} {...props} /></>}</Notices>);
const control = (name: string) => document.querySelector<HTMLInputElement>(`[data-field=${name}] :is(input, select, textarea)`)!;
const type = (name: string, value: string) => fireEvent.change(control(name), { target: { value } });
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }));
const changes = () => asked.filter((a) => a.method !== 'GET');

describe('the form of an object', () => {
  it('has every setting once, in the order of its sections, each as its type wants it', async () => {
    await editor();
    expect([...document.querySelectorAll<HTMLElement>('[data-field]')].map((e) => e.dataset.field))
      .toEqual(routeKind.settings.map((s) => s.name));
    expect(control('transport').tagName).toBe('SELECT');
    expect(control('sources').tagName).toBe('TEXTAREA');
    expect(control('error_wait').inputMode).toBe('numeric');
    expect(control('congestion_safe').type).toBe('checkbox');
    // What names it is fixed.
    expect(control('name').readOnly).toBe(true);
  });

  it('sends what was changed and nothing else, planned first, in the generation of the plan', async () => {
    await editor();
    type('description', 'new');
    type('sources', '10.0.0.1, 10.0.0.2');
    await userEvent.click(control('congestion_safe'));
    await press('Commit');
    await screen.findByText(/saved/i);
    const body = { description: 'new', sources: ['10.0.0.1', '10.0.0.2'], congestion_safe: true };
    expect(changes()).toEqual([
      expect.objectContaining({ method: 'PATCH', url: '/api/v1/routes/main?dry_run=true', body }),
      { method: 'PATCH', url: '/api/v1/routes/main', body, match: '"7"' },
    ]);
    expect(current).toMatchObject(body);
  });

  it('empties what may be empty with null, and leaves an unchanged list alone', async () => {
    await editor();
    type('description', '');
    type('sources', '10.0.0.1\n');
    await press('Commit');
    await screen.findByText(/saved/i);
    expect(changes().at(-1)!.body).toEqual({ description: null });
  });

  it('shows a plan that warns, and saves nothing until it is committed', async () => {
    warnings = [{ code: 'x', kind: 'route', key: 'main', field: 'error_wait', text: 'senders are not told' }];
    await editor();
    type('error_wait', '0');
    await press('Commit');
    const dialog = await screen.findByRole('dialog');
    expect(dialog.textContent).toContain('senders are not told');
    expect(current).toBe(item);
    await userEvent.click([...dialog.querySelectorAll('button')].find((b) => b.textContent === 'Commit')!);
    await waitFor(() => expect(current.error_wait).toBe('0'));
  });

  it('says at the field what is refused there, and keeps what was typed', async () => {
    refuse = { status: 422, body: { status: 422, code: 'out_of_range', field: 'error_wait', detail: 'error_wait is too much' } };
    await editor();
    type('error_wait', '9999');
    await press('Commit');
    await waitFor(() => expect(document.querySelector('[data-field=error_wait]')!.textContent).toMatch(/too much|out of|0 to/i));
    expect(document.activeElement).toBe(control('error_wait'));
    expect(control('error_wait').value).toBe('9999');
    expect(current).toBe(item);
  });

  it('asks about a conflict, and goes on with what is answered', async () => {
    await editor();
    type('description', 'mine');
    current = { ...item, description: 'theirs', error_wait: 500 };
    generation = 8;
    await press('Commit');
    // Which part of the page is hidden from listeners needs sizes, which nothing has here.
    await screen.findByRole('radiogroup', { hidden: true });
    expect(current.description).toBe('theirs');
    await userEvent.click(screen.getAllByRole('radio', { hidden: true })[0]!);
    await userEvent.click(screen.getByText('Go on with this'));
    await waitFor(() => expect(document.querySelector('[role=radiogroup]')).toBeNull());
    expect([control('description').value, control('error_wait').value]).toEqual(['mine', '500']);
    await userEvent.click(screen.getByText('Commit'));
    await waitFor(() => expect(current).toMatchObject({ description: 'mine', error_wait: 500 }));
  });

  it('takes nothing from those who may only look', async () => {
    await editor({ readOnly: true });
    expect(screen.queryByRole('button', { name: 'Commit' })).toBeNull();
    expect(control('description').readOnly).toBe(true);
    expect(control('transport').disabled).toBe(true);
    expect(control('congestion_safe').disabled).toBe(true);
  });
});
