/** Signing in, being signed out, and what becomes of a page in between. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, enterPassword, firstSignIn, open, password, signIn, startBrowser, type Session } from './browser';
import { Lab } from './lab';

let lab: Lab;
let browser: Browser;
let person: Session;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  person = await open(browser, lab.at.url);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

it('asks for a password of one\'s own in place of the one-time one', async () => {
  const { page, complaints } = person;
  await page.goto('/');
  await axe(page);
  await enterPassword(page, lab.at.name, 'wrong');
  await page.getByRole('alert').filter({ hasText: 'Name or password is wrong' }).waitFor();
  await axe(page);
  await firstSignIn(page, lab.at.name, lab.at.password);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await axe(page);
  expect(complaints).toEqual([]);
});

it('has a one-time password that is good once', async () => {
  const other = await open(browser, lab.at.url);
  await other.page.goto('/');
  await enterPassword(other.page, lab.at.name, lab.at.password);
  await other.page.getByRole('alert').filter({ hasText: 'Name or password is wrong' }).waitFor();
  await other.context.close();
});

it('signs out, and the cookie is dead', async () => {
  const { page, context } = person;
  const before = await context.cookies();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=username]').waitFor();
  await context.addCookies(before);
  expect((await page.request.get('/api/v1/session')).status()).toBe(401);
  await context.clearCookies();
  await signIn(page, lab.at.name, password);
});

it('keeps what was typed while the service is away', async () => {
  const { page, context } = person;
  await page.goto('/federation/partners/new');
  await page.locator('[data-field=description] :is(input, textarea)').fill('typed before');
  await lab.stopEntented();
  // Something asks: the banner says that nobody answers.
  await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor();
  await lab.startEntented();
  await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor({ state: 'detached' });
  await expect.poll(() => page.locator('[data-field=description] :is(input, textarea)').inputValue()).toBe('typed before');
  // The session ends under his hands.
  await context.clearCookies();
  await page.locator('[data-field=domain] input').fill('after.example');
  await page.getByRole('button', { name: 'Commit', exact: true }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.waitFor();
  await axe(page);
  await dialog.locator('input[name=password]').fill(password);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
  // What he had pressed is done.
  await expect.poll(async () => (await lab.ask<{ domain: string }[]>('partner', 'list')).map((p) => p.domain))
    .toContain('after.example');
});
