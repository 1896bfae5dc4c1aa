/** Sessions and tokens that end while something half typed is on the page. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, firstSignIn, open, password, signIn, startBrowser, type Page, type Session } from './browser';
import { Lab } from './lab';

/** Of a session without a request of its person; the panel counts typing as one, for 30 seconds. */
const idle = 5;

let lab: Lab;
let browser: Browser;
let person: Session;
let page: Page;

const field = (name: string) => page.locator(`[data-field=${name}] :is(input, textarea)`);
const commit = () => page.getByRole('button', { name: 'Commit', exact: true }).click();
const saved = () => page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
const limit = async () => (await lab.ask<{ connection_limit: number }>('gateway', 'show')).connection_limit;

beforeAll(async () => {
  [lab, browser] = await Promise.all([
    Lab.start('panel.py', '--admin', JSON.stringify({ 'session-idle': idle })), startBrowser()]);
  person = await open(browser, lab.at.url);
  page = person.page;
  await firstSignIn(page, lab.at.name, lab.at.password);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

it('saves what was typed when the token of the page is of a session before', async () => {
  await page.goto('/federation/gateway');
  await field('connection_limit').fill('601');
  // The same person signs out and in again beside it: another session, another token.
  const beside = await person.context.newPage();
  await beside.goto('/streams');
  await beside.getByRole('button', { name: 'Sign out' }).click();
  await beside.locator('input[name=username]').waitFor();
  await signIn(beside, lab.at.name);
  await beside.close();
  const dialog = page.getByRole('alertdialog');
  await page.bringToFront();
  // The page may have seen the end of the session before the next one began.
  if (await dialog.isVisible()) {
    // It may go by itself, when the page finds the session that is there.
    await dialog.locator('input[name=password]').fill(password, { timeout: 3000 }).catch(() => undefined);
    await dialog.locator('button[type=submit]').click({ timeout: 3000 }).catch(() => undefined);
    await dialog.waitFor({ state: 'detached' });
  }
  expect(await field('connection_limit').inputValue()).toBe('601');
  await commit();
  await saved();
  expect(await limit()).toBe(601);
});

it('keeps what was typed over the end of a session, and of a token, for want of activity', async () => {
  await page.goto('/federation/gateway');
  await field('connection_limit').fill('602');
  // What has an end ends meanwhile: a token is good until then, and nobody's session hangs on it.
  const expires = new Date(Date.now() + 4000).toISOString();
  const token = (await lab.entente('token', 'add', 'short', '--right', 'partner.read', '--expires', expires)).trim();
  const bare = await browser.newContext({ baseURL: lab.at.url, ignoreHTTPSErrors: true });
  const ask = async () => (await bare.request.get('/api/v1/partners', { headers: { authorization: `Bearer ${token}` } })).status();
  expect(await ask()).toBe(200);
  await expect.poll(ask, { timeout: 10_000 }).toBe(401);
  await bare.close();

  const dialog = page.getByRole('alertdialog');
  await dialog.waitFor({ timeout: 60_000 });
  expect((await page.request.get('/api/v1/session')).status()).toBe(401);
  await axe(page);
  await dialog.locator('input[name=password]').fill(password);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
  expect(await field('connection_limit').inputValue()).toBe('602');
  expect(await limit()).toBe(601);
  await commit();
  await saved();
  expect(await limit()).toBe(602);
  await page.goto('/tokens');
  await page.getByRole('row').filter({ hasText: 'short' }).getByText('ended').waitFor();
  expect(person.complaints).toEqual([]);
});
