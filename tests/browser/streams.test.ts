/** Streams with a real Prosody, as they come and go under the eyes of somebody; and who may close them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, firstSignIn, open, startBrowser, type Session } from './browser';
import { Lab } from './lab';

let lab: Lab;
let browser: Browser;
let person: Session;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  person = await open(browser, lab.at.url);
  await firstSignIn(person.page, lab.at.name, lab.at.password);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

const rows = () => person.page.getByRole('table', { name: 'Streams' }).getByRole('row').filter({ hasText: lab.at.partner });

it('shows a stream when it comes, without anybody asking', async () => {
  const { page } = person;
  await page.getByRole('link', { name: 'Streams' }).click();
  await page.getByText('There is no stream just now.').waitFor();
  await axe(page);
  await lab.write('But soft!');
  await rows().filter({ hasText: 'inbound' }).filter({ hasText: 'up' }).waitFor();
  await axe(page);
});

it('says how it was secured, and closes it', async () => {
  const { page } = person;
  await rows().filter({ hasText: 'inbound' }).getByRole('link').click();
  await page.getByRole('heading', { level: 1, name: /^Stream i/ }).waitFor();
  await page.getByText('TLSv1.3').waitFor();
  await page.getByRole('heading', { level: 2, name: 'Certificate of the peer' }).waitFor();
  await axe(page);
  const id = (await page.locator('h1').textContent())!.replace('Stream ', '');
  await page.getByRole('button', { name: 'Close stream' }).click();
  const question = page.getByRole('alertdialog');
  await question.waitFor();
  await axe(page);
  await question.getByRole('button', { name: 'Close stream' }).click();
  await page.getByRole('heading', { level: 1, name: 'Streams' }).waitFor();
  await page.getByRole('status').filter({ hasText: 'being closed' }).waitFor();
  await expect.poll(async () => (await lab.ask<{ id: string | null }[]>('stream', 'list')).map((s) => s.id), { timeout: 20_000 })
    .not.toContain(id);
  await rows().filter({ hasText: 'inbound' }).waitFor({ state: 'detached' });
});

it('is seen by a viewer, who can close nothing', async () => {
  const made = await lab.ask<{ item: { one_time_password: string } }>('admin', 'create', 'vera', '--role', 'viewer');
  const viewer = await open(browser, lab.at.url);
  await firstSignIn(viewer.page, 'vera', made.item.one_time_password);
  await viewer.page.goto('/streams');
  await viewer.page.getByRole('heading', { level: 1, name: 'Streams' }).waitFor();
  await lab.write('Art thou not Romeo?');
  const row = viewer.page.getByRole('row').filter({ hasText: lab.at.partner }).first();
  await row.waitFor();
  expect(await viewer.page.getByRole('checkbox').count()).toBe(0);
  await row.getByRole('link').first().click();
  await viewer.page.getByRole('heading', { level: 1, name: /^Stream / }).waitFor();
  expect(await viewer.page.getByRole('button', { name: 'Close stream' }).count()).toBe(0);
  // A page he may not see says which right it wants.
  await viewer.page.goto('/federation/partners/new');
  await viewer.page.getByText('partner.write').waitFor();
  expect(viewer.complaints).toEqual([]);
  await viewer.context.close();
});

it('draws the messages of the last minutes', async () => {
  const { page } = person;
  await page.goto('/');
  await page.getByRole('img', { name: /Messages and errors per second/ }).locator('canvas').waitFor();
  await page.getByText(/From XMPP contacts: \d/).waitFor();
  await lab.write('O, speak again, bright angel!');
  await page.getByText(/From XMPP contacts: (?!0 per)\d/).waitFor();
  expect(person.complaints).toEqual([]);
});
