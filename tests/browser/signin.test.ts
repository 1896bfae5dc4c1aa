/** Signing in, being signed out, and what becomes of a page in between. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, enterPassword, firstSignIn, open, password, signIn, startBrowser, type Session } from './browser';
import { Lab } from './lab';

/** RFC 6238 with the usual 30 seconds, six digits and SHA-1. */
function totp(secret: string, now = Date.now()): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[^A-Z2-7]/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[mac.length - 1]! & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

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
  await page.locator('input[name=username]').waitFor();
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

it('keeps what was typed while the service is away, and signs in again over it', async () => {
  const { page } = person;
  const banner = page.getByRole('alert').filter({ hasText: 'does not answer' });
  const field = (name: string) => page.locator(`[data-field=${name}] :is(input, textarea)`).first();
  await page.goto('/federation/partners/new');
  await field('domain').fill('after.example');
  await field('description').fill('typed before');
  await lab.stopEntented();
  await banner.waitFor();
  await axe(page);
  await lab.startEntented();
  await banner.waitFor({ state: 'detached' });
  // A restart signs everybody out: the dialog lies over the page.
  const dialog = page.getByRole('alertdialog');
  await dialog.waitFor();
  await axe(page);
  await dialog.locator('input[name=password]').fill(password);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
  expect(await field('domain').inputValue()).toBe('after.example');
  expect(await field('description').inputValue()).toBe('typed before');
});

it('does what was pressed when the session had ended meanwhile', async () => {
  const { page, context } = person;
  await context.clearCookies();
  await page.getByRole('button', { name: 'Commit', exact: true }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.locator('input[name=password]').fill(password);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(async () => (await lab.ask<{ domain: string }[]>('partner', 'list')).map((p) => p.domain), { timeout: 15_000 })
    .toContain('after.example');
});

it('has a draft that a reload does not lose', async () => {
  const { page } = person;
  await page.goto('/federation/partners/new');
  const domain = page.locator('[data-field=domain] input').first();
  await domain.fill('draft.example');
  page.once('dialog', (d) => void d.accept());
  await page.reload();
  await domain.waitFor();
  expect(await domain.inputValue()).toBe('draft.example');
  // Leaving asks.
  await page.getByRole('link', { name: 'Streams' }).click();
  const question = page.getByRole('alertdialog');
  await question.waitFor();
  await axe(page);
  await question.getByRole('button', { name: 'Leave and discard' }).click();
  await page.getByRole('heading', { level: 1, name: 'Streams' }).waitFor();
});

it('asks for the second factor once there is one', async () => {
  const { page, context } = person;
  await page.goto('/account');
  await page.getByRole('button', { name: 'Set up an authenticator' }).click();
  await page.getByRole('img', { name: 'QR code with the secret' }).waitFor();
  await axe(page);
  const secret = (await page.locator('form').filter({ hasText: 'Secret:' }).locator('p').filter({ hasText: 'Secret:' })
    .locator('span').first().textContent())!;
  await page.locator('input[name=code]').fill(totp(secret));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Recovery codes, each good once').waitFor();
  await axe(page);
  const recovery = (await page.locator('main li').allTextContents()).filter((text) => /^[\w-]{8,}$/.test(text));
  expect(recovery).toHaveLength(10);
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await context.clearCookies();
  await page.goto('/');
  await enterPassword(page, lab.at.name, password);
  // The same code is good once: it was used to confirm.
  await page.locator('input[name=code]').fill(totp(secret));
  await page.locator('button[type=submit]').click();
  await page.getByRole('alert').filter({ hasText: 'The code is wrong or was used already' }).waitFor();
  await axe(page);
  await page.locator('input[name=code]').fill(recovery[0]!);
  await page.locator('button[type=submit]').click();
  await page.locator('nav#navigation').waitFor({ state: 'attached' });
  expect(person.complaints).toEqual([]);
});
