/** SIP routes and domains, gateway settings, the federation switch, logging of message texts. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, choose, firstSignIn, open, startBrowser, type Page, type Session } from './browser';
import { Lab } from './lab';

let lab: Lab;
let browser: Browser;
let person: Session;
let page: Page;

const field = (name: string) => page.locator(`[data-field=${name}] :is(input, textarea, select)`);
const commit = () => page.getByRole('button', { name: 'Commit', exact: true }).click();
const saved = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text }).waitFor();
const dialog = () => page.locator('[role=dialog], [role=alertdialog]');

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

it('makes a route, shows the warning first, and a domain that uses it', async () => {
  await page.goto('/federation/routes');
  await page.getByRole('button', { name: 'New route' }).click();
  await field('name').fill('second');
  await field('next_hop').fill('sip:203.0.113.7:5060');
  await field('sources').fill('203.0.113.0/24、198.51.100.7');
  await commit();
  // Without TLS over a public network: that is said before anything is saved.
  await dialog().getByText('whoever is on the way can read and forge messages').first().waitFor();
  await axe(page);
  expect(await lab.ask<{ name: string }[]>('route', 'list')).toHaveLength(1);
  await dialog().getByRole('button', { name: 'Commit', exact: true }).click();
  await saved('Saved: second.');
  const second = (await lab.ask<{ name: string; sources: string[] }[]>('route', 'list')).find((r) => r.name === 'second');
  expect(second?.sources).toEqual(['203.0.113.0/24', '198.51.100.7']);

  await page.getByRole('button', { name: 'New domain' }).click();
  await field('domain').fill('bücher.example');
  await field('route').selectOption('second');
  await commit();
  await saved('Saved: bücher.example.');
  expect((await lab.ask<{ domain: string }[]>('domain', 'list')).map((d) => d.domain)).toContain('xn--bcher-kva.example');
});

it('refuses at the field, keeps what was typed, and saves when it is right', async () => {
  await page.goto('/federation/routes/second');
  await field('error_wait').fill('20000');
  await commit();
  await page.locator('[data-field=error_wait] [role=alert]').waitFor();
  await axe(page);
  expect(await page.evaluate(() => document.activeElement?.closest('[data-field]')?.getAttribute('data-field'))).toBe('error_wait');
  await field('error_wait').fill('250');
  await commit();
  await dialog().getByRole('button', { name: 'Commit', exact: true }).click();
  await saved('Saved: second.');
  expect(await lab.ask('route', 'show', 'second')).toMatchObject({ error_wait: 250 });
});

it('asks before unsaved changes are left behind', async () => {
  await page.goto('/federation/routes/second');
  await field('description').fill('half a thought');
  await page.getByRole('link', { name: 'Back to the lists' }).click();
  await page.getByRole('button', { name: 'Stay on the page' }).click();
  expect(await field('description').inputValue()).toBe('half a thought');
  await page.getByRole('link', { name: 'Back to the lists' }).click();
  await page.getByRole('button', { name: 'Leave and discard' }).click();
  await page.getByRole('heading', { level: 1, name: 'SIP Routes and Domains' }).waitFor();
});

it('settles a conflict without losing what was typed', async () => {
  await page.goto('/federation/routes/second');
  await field('description').fill('mine');
  await field('error_wait').fill('400');
  await lab.entente('--yes', 'route', 'set', 'second', '--error-wait', '500', '--receive-rate', '77');
  await commit();
  await dialog().getByText('Somebody else has changed this meanwhile').waitFor();
  await dialog().getByText('Highest rate received: 77').waitFor();
  await axe(page);
  await dialog().getByLabel('In force now: 500').check();
  await dialog().getByRole('button', { name: 'Go on with this' }).click();
  expect(await field('description').inputValue()).toBe('mine');
  expect(await field('error_wait').inputValue()).toBe('500');
  await commit();
  await dialog().getByRole('button', { name: 'Commit', exact: true }).click();
  await saved('Saved: second.');
  expect(await lab.ask('route', 'show', 'second'))
    .toMatchObject({ description: 'mine', error_wait: 500, receive_rate: 77 });
});

it('shows what goes before it deletes, and says why it may not', async () => {
  await page.goto('/federation/routes');
  await page.getByRole('button', { name: 'Delete second' }).click();
  await page.getByRole('alert').filter({ hasText: 'A local domain still uses this route' }).waitFor();
  await page.getByRole('button', { name: 'Delete xn--bcher-kva.example' }).click();
  await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
  await saved('Deleted: xn--bcher-kva.example.');
  await page.getByRole('button', { name: 'Delete second' }).click();
  await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
  await saved('Deleted: second.');
  expect(await lab.ask<unknown[]>('route', 'list')).toHaveLength(1);
});

it('changes gateway settings, which are in force', async () => {
  await page.goto('/federation/gateway');
  await field('keep_alive_interval').fill('5');
  await commit();
  await page.locator('[data-field=keep_alive_interval] [role=alert]').waitFor();
  await field('keep_alive_interval').fill('120');
  await field('partner_connection_limit').fill('7');
  await commit();
  await saved('Saved.');
  expect(await lab.ask('gateway', 'show')).toMatchObject({ keep_alive_interval: 120, partner_connection_limit: 7 });
  // What the shell changes is seen here, without a reload.
  await lab.entente('--yes', 'gateway', 'set', '--connection-limit', '555');
  await expect.poll(() => field('connection_limit').inputValue(), { timeout: 10_000 }).toBe('555');
});

it('makes a new dialback passphrase and never shows one', async () => {
  await page.goto('/federation/gateway');
  await page.getByText('A passphrase is set. It is never shown.').waitFor();
  await page.locator('[data-field=dialback_passphrase] input').fill('short');
  await page.getByRole('button', { name: 'Set it' }).click();
  await page.locator('[data-field=dialback_passphrase] [role=alert]').waitFor();
  await page.getByRole('button', { name: 'Make a new one' }).click();
  await axe(page);
  await dialog().getByRole('button', { name: 'Change', exact: true }).click();
  await saved('The dialback passphrase was changed.');
  expect(await page.content()).not.toContain('short');
});

it('turns federation off and on, after being asked', async () => {
  await page.goto('/federation/gateway');
  const federation = page.getByRole('switch', { name: 'Enable federation' });
  await federation.click();
  await dialog().getByText('Messages and presence stop in both directions').waitFor();
  await axe(page);
  await dialog().getByRole('button', { name: 'Turn off' }).click();
  await saved('Federation is off.');
  expect(await lab.ask('access', 'show')).toMatchObject({ access: { allow_federated_users: false } });
  await federation.click();
  await dialog().getByRole('button', { name: 'Turn on' }).click();
  await saved('Federation is on.');
});

it('writes message texts only after a confirmation, with a banner on every page', async () => {
  const banner = page.getByText('The text of messages is being written to a file. Gateway Settings');
  await page.goto('/federation/gateway');
  await page.getByRole('switch', { name: 'Write the text of all messages to a file' }).click();
  const confirm = dialog().getByRole('button', { name: 'Write the texts' });
  expect(await confirm.isDisabled()).toBe(true);
  await axe(page);
  await dialog().getByRole('checkbox').check();
  await confirm.click();
  await banner.waitFor();
  await page.goto('/audit');
  await banner.waitFor();
  await page.getByText('gateway settings').first().waitFor();
  await page.goto('/federation/gateway');
  await page.getByRole('switch', { name: 'Write the text of all messages to a file' }).click();
  await banner.waitFor({ state: 'detached' });
});

it('speaks 繁體中文 in forms, refusals and plans', async () => {
  await page.goto('/federation/gateway');
  await choose(page, { language: 'zh-TW' });
  await field('keep_alive_interval').fill('5');
  await page.getByRole('button', { name: '認可', exact: true }).click();
  await page.locator('[data-field=keep_alive_interval] [role=alert]').filter({ hasText: '數字超出範圍' }).waitFor();
  await axe(page);
  await page.getByRole('button', { name: '捨棄變更' }).click();
  await page.getByRole('switch', { name: '啟用同盟' }).click();
  await dialog().getByText('要關閉同盟嗎？').waitFor();
  await axe(page);
  await dialog().getByRole('button', { name: '取消' }).click();
  await choose(page, { language: 'en' });
  expect(person.complaints).toEqual([]);
});
