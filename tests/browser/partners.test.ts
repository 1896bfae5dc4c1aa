/** XMPP Federated Partners: press New, Edit, Commit; and what stands in the way of that. */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, choose, firstSignIn, open, password, startBrowser, type Page, type Session } from './browser';
import { Lab } from './lab';
import { commit, edit, field, fill, list, openEdit, openNew, plan, press, refusal, saved, show } from './partners';

interface Partner {
  domain: string;
  enabled: boolean;
  description: string | null;
  partner_type: string;
  tls_negotiation: string;
  sasl_negotiation: string;
  support_dialback_negotiation: boolean;
  additional_domains: string[];
  connection_limit: number | null;
}
interface MatrixRow {
  row: number;
  tls: string;
  sasl: string;
  dialback: boolean;
  refused: string | null;
  methods: string[];
  ways_out?: { tls: string; sasl: string; dialback: boolean }[];
}

const matrix = (JSON.parse(readFileSync(new URL('../data/negotiation-matrix.json', import.meta.url), 'utf8')) as
  { rows: MatrixRow[] }).rows;

let lab: Lab;
let browser: Browser;
let person: Session;
let page: Page;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  person = await open(browser, lab.at.url);
  page = person.page;
  await firstSignIn(page, lab.at.name, lab.at.password);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

const partners = () => lab.ask<Partner[]>('partner', 'list');
const partner = async (domain: string) => (await partners()).find((p) => p.domain === domain);
const add = (domain: string, ...options: string[]) =>
  lab.entente('partner', 'add', domain, '--dialback', 'false', ...options);

/** In both languages, light and dark; then as it was. */
async function everywhere(look: (where: string) => Promise<void>) {
  try {
    for (const language of ['en', 'zh-TW']) for (const theme of ['light', 'dark']) {
      await choose(page, { language, theme });
      await look(`${language} ${theme}`);
    }
  } finally {
    await choose(page, { language: 'en', theme: 'light' });
  }
}

describe('New', () => {
  it('begins at Public unverified, TLS and SASL Required, dialback off', async () => {
    await openNew(page);
    expect(await field(page, 'partner_type').inputValue()).toBe('PublicUnverified');
    expect(await field(page, 'tls_negotiation').inputValue()).toBe('Required');
    expect(await field(page, 'sasl_negotiation').inputValue()).toBe('Required');
    expect(await field(page, 'support_dialback_negotiation').inputValue()).toBe('false');
    await page.locator('[data-settled=yes] [data-method=sasl-over-tls]').waitFor();
    expect(await page.locator('[data-warning]').count()).toBe(0);
  });

  it('has the fields of the manual in the order of the manual', async () => {
    const names = await page.locator('form [data-field]').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.field));
    expect(names.slice(0, 7)).toEqual([
      'domain', 'description', 'additional_domains', 'partner_type', 'tls_negotiation', 'sasl_negotiation',
      'support_dialback_negotiation',
    ]);
  });

  it('saves at once what closes nothing and warns of nothing', async () => {
    await fill(page, { domain: 'new.example', description: 'call Ms Novak' });
    await press(page);
    await saved(page);
    expect(await partner('new.example')).toMatchObject({
      partner_type: 'PublicUnverified', tls_negotiation: 'Required', support_dialback_negotiation: false,
      description: 'call Ms Novak',
    });
    await page.getByRole('link', { name: 'new.example', exact: true }).waitFor();
  });

  it('shows a plan that warns, and saves nothing until it is committed', async () => {
    await openNew(page);
    await fill(page, { domain: 'warned.example', tls_negotiation: 'Optional', sasl_negotiation: 'Optional',
      support_dialback_negotiation: true });
    await page.locator('[data-warning=unencrypted_possible]').waitFor();
    await press(page);
    await plan(page).getByText('Messages may cross the Internet unencrypted.').waitFor();
    expect(await partner('warned.example')).toBeUndefined();
    // The draft is there after the reload that another language needs.
    await everywhere(async (where) => {
      await press(page);
      await plan(page).waitFor();
      await axe(page, `plan ${where}`);
    });
    await press(page);
    await plan(page).getByRole('button', { name: 'Commit' }).click();
    await saved(page);
    expect(await partner('warned.example')).toMatchObject({ tls_negotiation: 'Optional' });
  });

  it('takes lists of additional domains however they are written', async () => {
    await openNew(page);
    await fill(page, { domain: 'list.example' });
    const box = field(page, 'additional_domains');
    await box.focus();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text', 'a.list.example, b.list.example；c.list.example、d.list.example\ne.list.example f.list.example');
      document.activeElement!.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.getByRole('button', { name: 'Remove f.list.example' }).waitFor();
    await page.getByRole('button', { name: 'Remove b.list.example' }).click();
    // Return ends a name; what is typed last and not ended is taken, too.
    await box.fill('g.list.example');
    await box.press('Enter');
    await box.fill('h.list.example');
    await press(page);
    await saved(page);
    expect((await partner('list.example'))!.additional_domains.sort()).toEqual(
      ['a', 'c', 'd', 'e', 'f', 'g', 'h'].map((n) => `${n}.list.example`));
  });

  it('commits by Return, but not while an input method composes', async () => {
    await openNew(page);
    await fill(page, { domain: 'composed.example' });
    await field(page, 'domain').focus();
    const key = (isComposing: boolean, keyCode: number) => page.evaluate(([c, k]) => {
      const e = new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true, isComposing: c as boolean });
      Object.defineProperty(e, 'keyCode', { get: () => k });
      return document.activeElement!.dispatchEvent(e);
    }, [isComposing, keyCode] as const);
    // What is not prevented would send the form.
    expect(await key(true, 13)).toBe(false);
    expect(await key(false, 229)).toBe(false);
    expect(await key(false, 13)).toBe(true);
    const cdp = await person.context.newCDPSession(page);
    await cdp.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 });
    await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Process', code: 'Enter', windowsVirtualKeyCode: 229 });
    await cdp.send('Input.insertText', { text: '' });
    expect(new URL(page.url()).pathname).toBe(`${list}/new`);
    expect(await partner('composed.example')).toBeUndefined();
    await fill(page, { domain: 'composed.example' });
    await field(page, 'domain').press('Enter');
    await saved(page);
    expect(await partner('composed.example')).toBeDefined();
  });

  it('asks before what is typed is left, by a link, by Escape and by closing', async () => {
    await openNew(page);
    await fill(page, { description: 'half a word' });
    const asked = page.getByRole('alertdialog');
    await page.getByRole('link', { name: 'Overview' }).click();
    await asked.getByRole('button', { name: 'Stay on the page' }).click();
    await field(page, 'description').press('Escape');
    await asked.getByRole('button', { name: 'Stay on the page' }).click();
    expect(await field(page, 'description').inputValue()).toBe('half a word');
    let before = 0;
    const seen = (d: { type(): string; accept(): Promise<void> }) => {
      before += d.type() === 'beforeunload' ? 1 : 0;
      void d.accept();
    };
    page.on('dialog', seen);
    await page.reload();
    page.off('dialog', seen);
    expect(before).toBe(1);
    // It is back after the reload.
    await expect.poll(() => field(page, 'description').inputValue()).toBe('half a word');
    await field(page, 'description').press('Escape');
    await asked.getByRole('button', { name: 'Leave and discard' }).click();
    await page.waitForURL((url) => url.pathname === list);
    await openNew(page);
    expect(await field(page, 'description').inputValue()).toBe('');
  });
});

describe('the methods that result', () => {
  it('stand in the matrix, with the row that is chosen marked', async () => {
    await openNew(page);
    await fill(page, { tls_negotiation: 'Required', sasl_negotiation: 'Optional', support_dialback_negotiation: true });
    await page.getByRole('button', { name: 'Show all 18 combinations' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('tr[data-row]').nth(17).waitFor();
    expect(await dialog.locator('tr[aria-current=true]').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.row)))
      .toEqual(['7']);
    await axe(page, 'matrix');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(new URL(page.url()).pathname).toBe(`${list}/new`);
  });
});

describe('a refused choice', () => {
  const cases = matrix.filter((r) => r.refused).flatMap((row) => row.ways_out!.map((way, i) => ({ row, way, i })));

  it.each(cases)('row $row.row is not saved; way out $i is', async ({ row, way, i }) => {
    const domain = `row${row.row}-${i}.example`;
    await openNew(page);
    await fill(page, { domain, tls_negotiation: row.tls, sasl_negotiation: row.sasl, support_dialback_negotiation: row.dialback });
    await press(page);
    const ways = page.locator('[data-way]');
    await ways.first().waitFor();
    expect(await refusal(page)).toBe(row.refused);
    expect(await ways.count()).toBe(row.ways_out!.length);
    expect(await partner(domain)).toBeUndefined();
    // The field that is wrong has the focus.
    expect(await page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-field]')?.dataset.field))
      .toBe(row.refused === 'sasl_requires_tls' ? 'tls_negotiation' : 'sasl_negotiation');
    const wanted = ways.nth(i);
    expect(await wanted.getAttribute('data-way')).toBe(`${way.tls} ${way.sasl} ${way.dialback}`);
    await wanted.click();
    const dialog = plan(page);
    await Promise.race([dialog.waitFor(), page.waitForURL((url) => url.pathname === list)]);
    if (await dialog.isVisible()) await dialog.getByRole('button', { name: 'Commit' }).click();
    await saved(page);
    expect(await partner(domain)).toMatchObject({
      tls_negotiation: way.tls, sasl_negotiation: way.sasl, support_dialback_negotiation: way.dialback,
    });
  });

  it('says what it means, in both languages, for everybody', async () => {
    await openNew(page);
    await fill(page, { domain: 'never.example', tls_negotiation: 'NotSupported', sasl_negotiation: 'Optional' });
    await everywhere(async (where) => {
      await press(page);
      await page.locator('[data-way]').first().waitFor();
      await axe(page, `refused ${where}`);
    });
    expect(await partner('never.example')).toBeUndefined();
    await field(page, 'description').press('Escape');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Leave and discard' }).click();
  });
});

describe('Edit', () => {
  it('changes what was changed, and nothing else', async () => {
    await add('edit.example', '--connection-limit', '7');
    await page.goto(list);
    // Double click edits.
    await page.locator('tr[data-key="edit.example"] td').nth(3).dblclick();
    await page.waitForURL((url) => url.pathname === edit('edit.example'));
    await expect.poll(() => field(page, 'domain').inputValue()).toBe('edit.example');
    expect(await field(page, 'domain').getAttribute('readonly')).not.toBeNull();
    await fill(page, { description: 'edited', partner_type: 'Federated' });
    await commit(page);
    expect(await partner('edit.example')).toMatchObject(
      { description: 'edited', partner_type: 'Federated', connection_limit: 7 });
  });

  it('opens from the list by Return', async () => {
    await page.goto(list);
    await page.getByRole('link', { name: 'edit.example', exact: true }).press('Enter');
    await page.waitForURL((url) => url.pathname === edit('edit.example'));
  });

  it('goes on when something else was changed meanwhile', async () => {
    await openEdit(page, 'edit.example');
    await fill(page, { description: 'again' });
    await add('meanwhile.example');
    await press(page);
    await saved(page);
    expect(await partner('edit.example')).toMatchObject({ description: 'again' });
  });

  it('takes what only somebody else changed, and asks about what both did', async () => {
    await openEdit(page, 'edit.example');
    await fill(page, { description: 'mine', partner_type: 'PublicVerified' });
    await lab.entente('partner', 'set', 'edit.example', '--description', 'theirs', '--connection-limit', '9');
    await page.getByText('Somebody else has changed this partner meanwhile').waitFor();
    const dialog = page.getByRole('alertdialog');
    await everywhere(async (where) => {
      await press(page);
      await dialog.getByRole('radio').first().waitFor();
      await axe(page, `conflict ${where}`);
    });
    await press(page);
    await dialog.getByText('Connection limit: 7 → 9').waitFor();
    const go = dialog.getByRole('button', { name: 'Go on and commit' });
    expect(await go.isDisabled()).toBe(true);
    // Cancel loses nothing.
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await field(page, 'description').inputValue()).toBe('mine');
    await press(page);
    await dialog.getByRole('radio', { name: 'Yours: mine' }).check();
    await go.click();
    await saved(page);
    expect(await partner('edit.example')).toMatchObject(
      { description: 'mine', partner_type: 'PublicVerified', connection_limit: 9 });
  });

  it('adds again what was deleted meanwhile, when that is wanted', async () => {
    await add('gone.example');
    await openEdit(page, 'gone.example');
    await fill(page, { description: 'still here' });
    await lab.entente('partner', 'remove', 'gone.example', '--yes');
    await press(page);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Add it again as typed' }).click();
    await saved(page);
    expect(await partner('gone.example')).toMatchObject({ description: 'still here' });
  });

  it('renames in one step, with its plan', async () => {
    await openEdit(page, 'gone.example');
    await page.getByRole('button', { name: 'Rename' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('[data-field=domain] input').fill('*.example');
    await dialog.getByRole('button', { name: 'Show the plan' }).click();
    await dialog.getByText(/wildcard/).first().waitFor();
    await dialog.locator('[data-field=domain] input').fill('renamed.example');
    await dialog.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('heading', { name: 'Removal of partner gone.example' }).waitFor();
    await page.getByRole('button', { name: 'Commit', exact: true }).last().click();
    await page.waitForURL((url) => url.pathname === show('renamed.example'));
    expect(await partner('gone.example')).toBeUndefined();
    expect(await partner('renamed.example')).toMatchObject({ description: 'still here' });
  });
});

describe('the list', () => {
  it('disables, enables and deletes several in one transaction', async () => {
    for (const n of [1, 2, 3]) await add(`bulk${n}.example`);
    await page.goto(list);
    await page.getByRole('searchbox').fill('bulk');
    await expect.poll(() => page.locator('tr[data-key]').count()).toBe(3);
    const all = async (button: string) => {
      await page.locator('thead input[type=checkbox]').check();
      await page.getByRole('search').getByRole('button', { name: button }).click();
      await plan(page).getByRole('button', { name: 'Commit' }).click();
      await plan(page).waitFor({ state: 'detached' });
    };
    const bulk = async () => (await partners()).filter((p) => p.domain.startsWith('bulk'));
    const generation = async () =>
      ((await (await page.request.get('/api/v1/generation')).json()) as { generation: number }).generation;
    const before = await generation();
    await all('Disable');
    await expect.poll(async () => (await bulk()).map((p) => p.enabled)).toEqual([false, false, false]);
    expect(await generation()).toBe(before + 1);
    await all('Enable');
    await expect.poll(async () => (await bulk()).map((p) => p.enabled)).toEqual([true, true, true]);
    await all('Delete');
    await expect.poll(bulk).toEqual([]);
  });

  it('is searched, filtered and sorted', async () => {
    await page.goto(list);
    await page.locator('tr[data-key]').first().waitFor();
    await page.getByRole('searchbox').fill('f.list.example');
    await expect.poll(() => page.locator('tr[data-key]').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.key)))
      .toEqual(['list.example']);
    await page.getByRole('searchbox').fill('');
    await page.getByLabel('Partner type').selectOption('Federated');
    await expect.poll(() => page.locator('tr[data-key]').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.key)))
      .toEqual([lab.at.partner]);
    await page.getByLabel('Partner type').selectOption('');
    await page.getByRole('button', { name: 'Primary domain' }).click();
    await page.locator('th[aria-sort=descending]').waitFor();
    const names = await page.locator('tr[data-key]').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.key!));
    expect(names).toEqual([...names].sort((a, b) => b.localeCompare(a, 'en', { numeric: true })));
  });

  it.each([list, `${list}/new`, edit('edit.example'), show('xmpp.lab')])(
    'and %s are for everybody, in both languages, light and dark', async (path) => {
      await page.goto(path);
      await everywhere(async (where) => {
        await page.locator('main :is(form, table)').first().waitFor();
        await axe(page, `${path} ${where}`);
      });
    });
});

describe('a partner\'s page', () => {
  it('shows a stream as it appears and as it closes', async () => {
    await page.goto(show(lab.at.partner));
    await page.getByText('There is no stream just now.').waitFor();
    await lab.write('hello');
    const streams = page.getByRole('table', { name: 'Streams' });
    await streams.getByText('From them').waitFor();
    await streams.getByText('SASL over TLS').first().waitFor();
    await page.getByRole('button', { name: 'Certificate', exact: true }).first().click();
    await page.getByText(`CN = ${lab.at.partner}`).or(page.getByText(lab.at.partner, { exact: true })).first().waitFor();
    await page.locator('[data-outcome=authenticated]').first().waitFor();
    // Disable: its plan names the stream, and it closes before our eyes.
    await page.getByRole('button', { name: 'Disable' }).click();
    const dialog = plan(page);
    await dialog.getByText(/streams? will be closed/i).waitFor();
    await dialog.getByRole('button', { name: 'Commit' }).click();
    await page.getByText('There is no stream just now.').waitFor();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('button', { name: 'Disable' }).waitFor();
  });

  it('tests a real server, step by step', async () => {
    await page.goto(show(lab.at.partner));
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.locator('[data-step=tls][data-result=pass]').waitFor();
    const end = page.locator('[data-end]');
    await end.waitFor();
    expect(await end.getAttribute('data-end')).not.toBe('fail');
    await axe(page, 'test');
  });

  it('stops a test, here and in the daemon', async () => {
    // Somebody is there, and never says a word.
    const silent = createServer();
    // One that is greeted: the test looks first whether somebody is there at all.
    const greeted = new Promise<Socket>((resolve) => {
      silent.on('connection', (c) => c.on('error', () => undefined).once('data', () => resolve(c)).resume());
    });
    await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve); });
    await add('slow.example', '--proxy', `127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await page.goto(show('slow.example'));
    await page.getByRole('button', { name: 'Test the connection' }).click();
    const connection = await greeted;
    // It waits for an answer; its own patience lasts longer than this takes.
    const left = new Promise<number>((resolve) => { connection.once('close', () => resolve(Date.now())); });
    const pressed = Date.now();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await left - pressed).toBeLessThan(8000);
    await page.getByText('The test was stopped.').waitFor();
    expect(await page.locator('[data-end]').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Test the connection' }).isEnabled()).toBe(true);
    silent.close();
  });

  it('has its history', async () => {
    await page.goto(show('edit.example'));
    const table = page.getByRole('table', { name: 'History' });
    await table.getByText('added').waitFor();
    await table.getByText('Description: theirs → mine').first().waitFor();
  });

  it('deletes, after its plan was seen', async () => {
    await page.goto(show('renamed.example'));
    await page.getByRole('button', { name: 'Delete' }).click();
    await plan(page).getByRole('button', { name: 'Commit' }).click();
    await page.waitForURL((url) => url.pathname === list);
    expect(await partner('renamed.example')).toBeUndefined();
  });
});

describe('what was typed', () => {
  it('survives the end of the session and a restart of the daemon', async () => {
    await openEdit(page, 'edit.example');
    await fill(page, { description: 'typed before' });
    await lab.stopEntented();
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor();
    await lab.startEntented();
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor({ state: 'detached' });
    expect(await field(page, 'description').inputValue()).toBe('typed before');
    await person.context.clearCookies();
    // The page may have seen that the session is over before anybody presses anything.
    const dialog = page.getByRole('alertdialog');
    const pressed = !(await dialog.isVisible()) && (await press(page).then(() => true, () => false));
    await dialog.locator('input[name=password]').fill(password);
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'detached' });
    if (!pressed) await press(page);
    await saved(page);
    expect(await partner('edit.example')).toMatchObject({ description: 'typed before' });
  });
});

describe('a viewer', () => {
  it('sees everything, and no New, no Commit', async () => {
    const { item: made } = await lab.ask<{ item: { one_time_password: string } }>(
      'admin', 'create', 'victor', '--role', 'viewer');
    const other = await open(browser, lab.at.url);
    await firstSignIn(other.page, 'victor', made.one_time_password);
    await other.page.goto(list);
    await other.page.getByRole('link', { name: 'edit.example', exact: true }).waitFor();
    expect(await other.page.getByRole('button', { name: 'New' }).count()).toBe(0);
    expect(await other.page.locator('tbody input[type=checkbox]').count()).toBe(0);
    await other.page.getByRole('link', { name: 'edit.example', exact: true }).click();
    await other.page.waitForURL((url) => url.pathname === show('edit.example'));
    expect(await other.page.getByRole('button', { name: /Edit|Disable|Delete/ }).count()).toBe(0);
    await other.page.goto(edit('edit.example'));
    await field(other.page, 'description').waitFor();
    expect(await field(other.page, 'description').isDisabled()).toBe(true);
    expect(await other.page.getByRole('button', { name: 'Commit' }).count()).toBe(0);
    await axe(other.page, 'viewer');
    expect(other.complaints).toEqual([]);
    await other.context.close();
  });
});

it('complained about nothing', () => {
  expect(person.complaints).toEqual([]);
});
