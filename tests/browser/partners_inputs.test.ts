/**
 * Bad input (tests/data/bad-settings.json) is refused with the same code and field by whatever way it
 * comes: the panel, the API, the shell; and so are the 18 rows judged. Nothing is different after it.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { firstSignIn, open, startBrowser, type Page } from './browser';
import { Lab, type Ran } from './lab';
import { field, fill, list, openEdit, openNew, press, refusal, type Settings } from './partners';

type Value = unknown;
interface Case {
  id: string;
  verb: 'add' | 'set' | 'remove';
  kind: string;
  key: Value;
  set?: Record<string, Value>;
  add?: Record<string, Value>;
  remove?: Record<string, Value>;
  code: string;
  field: string;
}
interface Table {
  setup: Case[];
  cases: Case[];
}

const read = <T>(name: string) => JSON.parse(readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8')) as T;
const table = read<Table>('bad-settings.json');
interface Choice {
  tls: string;
  sasl: string;
  dialback: boolean;
}
interface Row extends Choice {
  row: number;
  refused: string | null;
  methods: string[];
  warnings: string[];
  ways_out?: Choice[];
}
const matrix = read<{ rows: Row[] }>('negotiation-matrix.json').rows;

/** As it is typed: long texts and long lists are told by how they are made. */
function typed(value: Value): Value {
  const made = value as { repeat?: string; times?: number; then?: string; domains?: number } | null;
  if (made && typeof made === 'object' && made.repeat !== undefined)
    return made.repeat.repeat(made.times!) + (made.then ?? '');
  if (made && typeof made === 'object' && made.domains !== undefined)
    return Array.from({ length: made.domains }, (_, n) => `d${n}.example`);
  return value;
}

/** A spelling of a setting, as the daemon takes them. */
const settings = [
  'domain', 'additional_domains', 'description', 'partner_type', 'tls_negotiation', 'sasl_negotiation',
  'support_dialback_negotiation', 'enable_keep_alive', 'proxy_fqdn', 'connection_limit', 'enabled',
];
const aliases: Record<string, string> = {
  tls: 'tls_negotiation', sasl: 'sasl_negotiation', dialback: 'support_dialback_negotiation', proxy: 'proxy_fqdn',
};
const plain = (name: string) => name.toLowerCase().replace(/[-_]/g, '');
const nameOf = (name: string) => aliases[name] ?? settings.find((s) => plain(s) === plain(name));

const levels = ['Required', 'Optional', 'NotSupported'];
const word = (value: Value) => levels.find((l) => plain(l) === plain(String(value)).replace(/ /g, ''));

/** What the form can say of a case; null: what its controls do not let anybody say. */
function inForm(c: Case): Settings | null {
  if (c.verb === 'remove' || c.remove || (c.verb === 'set' && c.key !== 'xmpp.lab')) return null;
  const form: Record<string, unknown> = {};
  if (c.verb === 'add') form.domain = String(typed(c.key));
  for (const [spelling, given] of [...Object.entries(c.set ?? {}), ...Object.entries(c.add ?? {})]) {
    const name = nameOf(spelling);
    const value = typed(given);
    switch (name) {
      case 'additional_domains':
        // The panel takes a name that is listed already for the same.
        if (c.code === 'duplicate' && new Set((value as string[]).map((d) => d.toLowerCase())).size < (value as string[]).length)
          return null;
        form[name] = (value as string[]).join(', ');
        break;
      case 'description':
      case 'proxy_fqdn':
      case 'connection_limit':
        if (c.add) return null;
        form[name] = String(value);
        break;
      case 'tls_negotiation':
      case 'sasl_negotiation':
        if (!word(value)) return null;
        form[name] = word(value);
        break;
      case 'support_dialback_negotiation':
        if (typeof value !== 'boolean') return null;
        form[name] = value;
        break;
      default:
        return null;
    }
  }
  return form;
}

/** As a command; null: what a command line cannot say. */
function asCommand(c: Case): string[] | null {
  const text = (value: Value): string | null => {
    const v = typed(value);
    const items = Array.isArray(v) ? v : [v];
    return items.every((i) => ['string', 'number', 'boolean'].includes(typeof i)) ? items.join(',') : null;
  };
  const words: (string | null)[] = [c.kind, c.verb];
  if (!['gateway', 'access'].includes(c.kind)) words.push(text(c.key));
  for (const [part, prefix] of [[c.set, '--'], [c.add, '--add-'], [c.remove, '--remove-']] as const)
    for (const [name, value] of Object.entries(part ?? {})) words.push(prefix + name, text(value));
  return words.some((w) => w === null || w.includes('\0')) ? null : (words as string[]);
}

/** What the shell refuses as usage, before anybody is asked. */
const usage = ['unknown_setting', 'not_a_list', 'key_fixed'];

let lab: Lab;
let browser: Browser;
let page: Page;
let before: string;

interface Answer {
  status: number;
  body: { code?: string; field?: string };
}

/** Over the unix socket. */
function ask(method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((done, fail) => {
    const r = request({ socketPath: lab.at.socket, path: `/api/v1${path}`, method,
      headers: { host: 'localhost', 'content-type': 'application/json', 'if-match': '*' } }, (answer) => {
      let text = '';
      answer.on('data', (t) => { text += String(t); });
      answer.on('end', () => done({ status: answer.statusCode!, body: JSON.parse(text) as Answer['body'] }));
    });
    r.on('error', fail);
    r.end(body);
  });
}

/** One transaction. */
function post(c: Case): Promise<Answer> {
  // null would mean the default: empty is said with an empty text.
  const made = (part?: Record<string, Value>) =>
    Object.fromEntries(Object.entries(part ?? {}).map(([k, v]) => [k, typed(v) ?? '']));
  const parts: Record<string, Record<string, Value>> = {};
  for (const [how, part] of [['add', made(c.add)], ['remove', made(c.remove)]] as const)
    for (const [name, value] of Object.entries(part)) parts[name] = { ...parts[name], [how]: value };
  return ask('POST', '/changes', JSON.stringify({
    changes: [{ verb: c.verb, kind: c.kind, key: typed(c.key), settings: { ...made(c.set), ...parts } }],
  }));
}

const everything = async () => JSON.stringify(await Promise.all(
  ['partner', 'domain', 'route', 'policy', 'grant'].map((kind) => lab.ask(kind, 'list'))));

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  page = (await open(browser, lab.at.url)).page;
  await firstSignIn(page, lab.at.name, lab.at.password);
  // The lab has its own partner and domain of these names: they become those of the table.
  await lab.entente('partner', 'remove', 'xmpp.lab', '--yes');
  for (const c of table.setup) {
    if (c.kind === 'domain' && c.key === lab.at.domain) continue;
    await lab.entente(...asCommand(c)!);
  }
  before = await everything();
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

const ofPartners = table.cases.filter((c) => c.kind === 'partner');

describe('bad input', () => {
  it('is enough of it', () => {
    expect(table.cases.length).toBeGreaterThanOrEqual(60);
    expect(ofPartners.filter((c) => inForm(c)).length).toBeGreaterThanOrEqual(50);
  });

  it.each(table.cases)('$id: the API', async (c) => {
    if (c.code === 'needs_confirmation') return;    // has its own way there: see the settings of the gateway
    const { status, body } = await post(c);
    expect([body.code, body.field ?? '']).toEqual([c.code, c.field]);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it.each(table.cases.filter((c) => asCommand(c) && !usage.includes(c.code) && asCommand(c)![2] !== ''
    && !(['gateway', 'access'].includes(c.kind) && c.verb !== 'set') && c.code !== 'needs_confirmation'))(
    '$id: the shell', async (c) => {
      const ran = await lab.tell<Ran>('run', '--json', ...asCommand(c)!);
      expect(ran.code).not.toBe(0);
      const said = JSON.parse(ran.err || ran.out) as Answer['body'];
      expect([said.code, said.field ?? '']).toEqual([c.code, c.field]);
    });

  it.each(ofPartners.filter((c) => inForm(c)))('$id: the panel', async (c) => {
    if (c.verb === 'add') await openNew(page);
    else await openEdit(page, String(c.key));
    const form = inForm(c)!;
    if (form.additional_domains !== undefined && !c.add)
      // The list in place of what is there.
      while (await page.getByRole('button', { name: /^Remove / }).count())
        await page.getByRole('button', { name: /^Remove / }).first().click();
    await fill(page, form);
    await press(page);
    await page.locator('form [data-code]').first().waitFor();
    expect(await refusal(page)).toBe(c.code);
    const wrong = page.locator(`form [data-field="${c.field}"]`);
    await wrong.getByRole('alert').or(wrong.locator('[id$=__validationMessage]')).first().waitFor();
    expect(await page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-field]')?.dataset.field))
      .toBe(c.field);
    await field(page, 'description').press('Escape');
    // White space alone is nothing to lose.
    const asked = page.getByRole('alertdialog').getByRole('button', { name: 'Leave and discard' });
    if (form.domain === undefined || form.domain.trim()) await asked.click();
    await page.waitForURL((url) => url.pathname === list);
  });

  it('has changed nothing', async () => {
    expect(await everything()).toBe(before);
  });
});

describe('the rows', () => {
  const settingsOf = (c: Choice) =>
    ({ tls_negotiation: c.tls, sasl_negotiation: c.sasl, support_dialback_negotiation: c.dialback });
  const verdictOf = (row: Row) =>
    ({ refused: row.refused, methods: row.methods, warnings: row.warnings, ways_out: (row.ways_out ?? []).map(settingsOf) });
  const all = matrix.map((row) => ({ row: row.row, settings: settingsOf(row), verdict: verdictOf(row) }));

  /** What a part of a page says: codes in attributes, beside the words. */
  const said = (part: ReturnType<Page['locator']>) => part.evaluate((e: HTMLElement) => {
    const codes = (name: string) =>
      [e, ...e.querySelectorAll<HTMLElement>(`[data-${name}]`)].map((x) => x.dataset[name]).filter((x) => x !== undefined);
    return { refused: codes('refused')[0] ?? null, methods: codes('method'), warnings: codes('warning') };
  });
  const shownOf = ({ refused, methods, warnings }: Row) => ({ refused, methods, warnings });

  it('are the same 18 in the API, the shell and the panel', async () => {
    expect((await ask('GET', '/negotiation/matrix')).body).toEqual({ items: all });
    expect(await lab.ask('partner', 'matrix')).toEqual(all);
    await openNew(page);
    await page.getByRole('button', { name: 'Show all 18 combinations' }).click();
    const rows = page.getByRole('dialog').locator('tr[data-row]');
    await rows.nth(17).waitFor();
    for (const [i, row] of matrix.entries()) {
      expect(await rows.nth(i).getAttribute('data-row')).toBe(String(row.row));
      expect(await said(rows.nth(i)), `row ${row.row}`).toEqual(shownOf(row));
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it.each(matrix)('row $row: the same verdict while choosing in the panel, by the API and the shell', async (row) => {
    const query = new URLSearchParams(Object.entries(settingsOf(row)).map(([k, v]) => [k, String(v)]));
    expect((await ask('GET', `/negotiation?${query.toString()}`)).body).toEqual(verdictOf(row));
    const ran = await lab.tell<Ran>('run', '--json', 'partner', 'methods', '--tls', row.tls, '--sasl', row.sasl,
      '--dialback', String(row.dialback));
    expect(JSON.parse(ran.out)).toEqual(verdictOf(row));
    expect(ran.code === 0).toBe(!row.refused);
    await fill(page, settingsOf(row));
    await expect.poll(() => said(page.locator('[data-settled=yes]').first()).catch(() => null)).toEqual(shownOf(row));
  });

  const asCase = (tls: string, sasl: string, dialback: boolean): Case => ({
    id: '', verb: 'set', kind: 'partner', key: 'xmpp.lab', set: { tls, sasl, dialback }, code: '', field: '',
  });

  it.each(matrix)('row $row: refused by API and shell or made, and every way out is taken', async (row) => {
    const c = asCase(row.tls, row.sasl, row.dialback);
    const { status, body } = await post(c);
    const ran = await lab.tell<Ran>('run', '--json', ...asCommand(c)!, '--yes');
    expect(status).toBe(row.refused ? 422 : 200);
    expect(ran.code === 0).toBe(!row.refused);
    if (!row.refused) return;
    expect(body.code).toBe(row.refused);
    expect((JSON.parse(ran.err || ran.out) as Answer['body']).code).toBe(row.refused);
    for (const way of row.ways_out!) {
      const out = asCase(way.tls, way.sasl, way.dialback);
      expect((await post(out)).status).toBe(200);
      expect((await lab.tell<Ran>('run', '--json', ...asCommand(out)!, '--yes')).code).toBe(0);
    }
  });
});
