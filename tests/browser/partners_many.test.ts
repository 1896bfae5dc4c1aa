/** The list with 10,000 partners: it opens, answers to every letter, and changes a page of them at once. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { firstSignIn, open, startBrowser, type Page } from './browser';
import { Lab } from './lab';
import { list, plan } from './partners';

const many = 10_000;
const bunch = 1_000;
/** What a person takes for broken: far above what is measured, for machines that are busy. */
const patience = 8_000;

let lab: Lab;
let browser: Browser;
let page: Page;

function add(from: number): Promise<number> {
  const changes = Array.from({ length: bunch }, (_, n) => ({
    verb: 'add', kind: 'partner', key: `p${from + n}.example`, settings: { support_dialback_negotiation: false },
  }));
  return new Promise((done, fail) => {
    const r = request({ socketPath: lab.at.socket, path: '/api/v1/changes', method: 'POST',
      headers: { host: 'localhost', 'content-type': 'application/json', 'if-match': '*' } }, (answer) => {
      answer.resume();
      answer.on('end', () => done(answer.statusCode!));
    });
    r.on('error', fail);
    r.end(JSON.stringify({ changes }));
  });
}

const keys = () => page.locator('tr[data-key]').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.key));

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  page = (await open(browser, lab.at.url)).page;
  await firstSignIn(page, lab.at.name, lab.at.password);
  for (let n = 0; n < many; n += bunch) expect(await add(n)).toBe(200);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

it('opens', async () => {
  const begin = Date.now();
  await page.goto(list);
  await page.getByText(/10,001 entries|10001 entries/).waitFor();
  expect(Date.now() - begin).toBeLessThan(patience);
  // Only a page of them is in the document.
  expect((await keys()).length).toBeLessThanOrEqual(100);
});

it('answers to every letter', async () => {
  const begin = Date.now();
  await page.getByRole('searchbox').pressSequentially('p9998.');
  await expect.poll(keys, { timeout: patience, interval: 20 }).toEqual(['p9998.example']);
  expect(Date.now() - begin).toBeLessThan(patience);
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Primary domain' }).click();
  await expect.poll(async () => (await keys())[0], { timeout: patience }).toBe('xmpp.lab');
});

it('disables a page of them in one step', async () => {
  await page.getByRole('searchbox').fill('p123');
  await expect.poll(async () => (await keys()).every((k) => k!.startsWith('p123')), { timeout: patience }).toBe(true);
  const chosen = (await keys()).length;
  await page.locator('thead input[type=checkbox]').check();
  await page.getByRole('search').getByRole('button', { name: 'Disable' }).click();
  await plan(page).getByRole('button', { name: 'Commit' }).click();
  await page.getByRole('status').filter({ hasText: `${chosen} partner` }).filter({ hasText: 'disabled' }).waitFor();
  await page.getByLabel('Enabled').selectOption('false');
  await expect.poll(async () => (await keys()).length, { timeout: patience }).toBe(chosen);
});
