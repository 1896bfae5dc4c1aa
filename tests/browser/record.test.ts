/** The audit log, the configuration history, certificates. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, choose, firstSignIn, open, startBrowser, type Page, type Session } from './browser';
import { Lab } from './lab';

let lab: Lab;
let browser: Browser;
let person: Session;
let page: Page;

const dialog = () => page.locator('[role=dialog], [role=alertdialog]');
const saved = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text }).waitFor();
const entries = () => page.locator('ol li[data-id]');

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  person = await open(browser, lab.at.url);
  page = person.page;
  await firstSignIn(page, lab.at.name, lab.at.password);
  await lab.entente('partner', 'add', 'one.example', '--dialback', 'false', '--description', '<b>not bold</b>');
  await lab.entente('--yes', 'partner', 'set', 'one.example', '--connection-limit', '9');
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

it('shows who changed what, before and after, as text', async () => {
  await page.goto('/audit');
  const last = entries().filter({ hasText: 'one.example' }).first();
  await last.getByText('1 setting').click();
  await last.getByRole('cell', { name: '9', exact: true }).waitFor();
  await axe(page);
  const first = entries().filter({ hasText: 'New: partner one.example' });
  await first.getByText(/settings/).click();
  await first.getByText('<b>not bold</b>').waitFor();
});

it('is filtered and paged', async () => {
  for (let i = 0; i < 60; i++) await lab.entente('--yes', 'partner', 'set', 'one.example', '--connection-limit', String(10 + i));
  await page.goto('/audit');
  await page.getByLabel('Which one').fill('one.example');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect.poll(() => entries().count()).toBe(50);
  await page.getByRole('button', { name: 'Older' }).click();
  await expect.poll(() => entries().count()).toBe(12);
  await page.getByRole('button', { name: 'Newer' }).click();
  await expect.poll(() => entries().count()).toBe(50);
  await page.getByLabel('Which one').fill('nobody.example');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('No line fits.').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(() => entries().count()).toBe(50);
});

it('is verified, and says what is wrong when something is', async () => {
  await page.goto('/audit');
  await page.getByRole('button', { name: 'Verify the log' }).click();
  await page.getByText('The log is whole.').waitFor();
  await axe(page);
  await page.route('**/api/v1/audit/verify', (route) => route.fulfill({
    json: { ok: false, lines: 80, problems: [{ code: 'gap', id: 17, text: 'line 17 does not follow line 15' }] },
  }));
  await page.getByRole('button', { name: 'Verify the log' }).click();
  await page.getByText('The log is not whole.').waitFor();
  await page.getByText('Line 17: lines are missing here.').waitFor();
  await axe(page);
});

it('returns to an earlier generation, after the plan was shown', async () => {
  const { generation } = await lab.ask<{ generation: number }>('status');
  await lab.entente('--yes', 'partner', 'remove', 'one.example');
  await page.goto('/history');
  await page.getByRole('button', { name: `Show changes of generation ${generation + 1}` }).click();
  await page.getByText('Removal of partner one.example').waitFor();
  await axe(page);
  await page.getByRole('button', { name: `Return to generation ${generation}`, exact: true }).click();
  await dialog().getByText('New partner one.example').waitFor();
  await axe(page);
  await dialog().getByRole('button', { name: 'Return', exact: true }).click();
  await saved(`has the settings of ${generation}.`);
  expect((await lab.ask<{ domain: string }[]>('partner', 'list')).map((p) => p.domain)).toContain('one.example');
});

it('shows our certificates and reads the files again', async () => {
  await page.goto('/certificates');
  await page.getByText(/days left/).first().waitFor();
  await page.getByRole('button', { name: 'Read the files again' }).click();
  await saved('The certificate files were read again.');
  await axe(page);
});

it('does all of it in 繁體中文', async () => {
  await page.unroute('**/api/v1/audit/verify');
  await page.goto('/audit');
  await choose(page, { language: 'zh-TW' });
  await page.getByRole('button', { name: '驗證記錄' }).click();
  await page.getByText('記錄完整。').waitFor();
  await axe(page);
  expect(person.complaints).toEqual([]);
});
