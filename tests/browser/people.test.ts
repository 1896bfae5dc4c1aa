/** Administrators, roles, one's own second factor, tokens; and what each role sees. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, enterPassword, firstSignIn, open, password, startBrowser, type Page, type Session } from './browser';
import { Lab } from './lab';
import { nextTotp, totp } from './totp';

let lab: Lab;
let browser: Browser;
let person: Session;
let page: Page;

const dialog = () => page.locator('[role=dialog], [role=alertdialog]');
const saved = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text }).waitFor();
const row = (name: string) => page.locator(`tr[data-key="${name}"]`);

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

/** The secret of the dialog that shows one, which is then closed. */
async function shownOnce(): Promise<string> {
  const secret = await dialog().locator('[data-secret]').innerText();
  // The dialog before it fades out: what fades has no contrast.
  await expect.poll(() => dialog().count()).toBe(1);
  const close = dialog().getByRole('button', { name: 'Close' });
  expect(await close.isDisabled()).toBe(true);
  await axe(page);
  await dialog().getByRole('checkbox').check();
  await close.click();
  await dialog().waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(secret);
  return secret;
}

async function create(name: string, role: string): Promise<string> {
  await page.goto('/administrators');
  await page.getByRole('button', { name: 'New administrator' }).click();
  await dialog().locator('[data-field=name] input').fill(name);
  await dialog().getByRole('checkbox', { name: role, exact: true }).check();
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().locator('[data-secret]').waitFor();
  return shownOnce();
}

it('makes an account with a one-time password that is shown once', async () => {
  const secret = await create('vera', 'Viewer');
  expect(secret.length).toBeGreaterThan(10);
  await row('vera').getByText('Viewer').waitFor();
  const other = await open(browser, lab.at.url);
  await firstSignIn(other.page, 'vera', secret);
  await other.context.close();
});

it('refuses a second account of the same name at its field', async () => {
  await page.goto('/administrators');
  await page.getByRole('button', { name: 'New administrator' }).click();
  await dialog().locator('[data-field=name] input').fill('vera');
  await dialog().getByRole('checkbox', { name: 'Viewer', exact: true }).check();
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().getByRole('alert').first().waitFor();
  await axe(page);
  await dialog().getByRole('button', { name: 'Cancel' }).click();
});

it('ends the sessions of somebody who is disabled, and lets him in again when enabled', async () => {
  const other = await open(browser, lab.at.url);
  await other.page.goto('/');
  await enterPassword(other.page, 'vera', password);
  await other.page.locator('nav#navigation').waitFor({ state: 'attached' });
  await page.goto('/administrators');
  await row('vera').getByRole('button', { name: 'Actions for vera' }).click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await dialog().getByRole('button', { name: 'Disable' }).click();
  await saved('vera is disabled.');
  await expect.poll(async () => (await other.page.request.get('/api/v1/session')).status()).toBe(401);
  await row('vera').getByRole('button', { name: 'Actions for vera' }).click();
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await saved('vera is enabled.');
  await other.context.close();
});

it('resets a password', async () => {
  await page.goto('/administrators');
  await row('vera').getByRole('button', { name: 'Actions for vera' }).click();
  await page.getByRole('menuitem', { name: 'Reset the password' }).click();
  await dialog().getByRole('button', { name: 'Reset the password' }).click();
  await dialog().locator('[data-secret]').waitFor();
  const secret = await shownOnce();
  const other = await open(browser, lab.at.url);
  await firstSignIn(other.page, 'vera', secret);
  await other.context.close();
});

it('will not let the last administrator go', async () => {
  await page.goto('/administrators');
  await row(lab.at.name).getByRole('button', { name: `Actions for ${lab.at.name}` }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog().getByRole('alert').waitFor();
  await axe(page);
  await dialog().getByRole('button', { name: 'Cancel' }).click();
});

it('shows built-in roles with their names in Lync Server, and makes one of check boxes', async () => {
  await page.goto('/administrators?tab=roles');
  await page.locator('[data-role=administrator]').getByText('CsAdministrator').waitFor();
  await page.getByRole('button', { name: 'New role' }).click();
  await dialog().locator('[data-field=name] input').fill('night-shift');
  await dialog().getByRole('checkbox', { name: /Close streams/ }).check();
  // Who closes streams sees them.
  expect(await dialog().getByRole('checkbox', { name: /See the streams with partners/ }).isChecked()).toBe(true);
  await axe(page);
  await dialog().getByRole('button', { name: 'Commit' }).click();
  await saved('Saved: night-shift.');
  await page.getByRole('button', { name: 'Edit night-shift' }).click();
  await dialog().getByRole('checkbox', { name: /Test partners/ }).check();
  await dialog().getByRole('button', { name: 'Commit' }).click();
  await saved('Saved: night-shift.');
  await page.locator('[data-role=night-shift]').getByText('3 rights').waitFor();
  await page.getByRole('button', { name: 'Delete night-shift' }).click();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await saved('Deleted: night-shift.');
});

it('signs in with a second factor: a code is good once, a recovery code too', async () => {
  const secret = await create('toto', 'Viewer');
  const other = await open(browser, lab.at.url);
  await firstSignIn(other.page, 'toto', secret);
  await other.page.goto('/account');
  await other.page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const key = /Secret:\s*([A-Z2-7 ]{16,})/.exec(await other.page.getByText('Secret:').innerText())![1]!.trim();
  const first = totp(key);
  await other.page.locator('input[autocomplete=one-time-code]').fill(first);
  await other.page.getByRole('button', { name: 'Confirm' }).click();
  await other.page.getByText('Recovery codes, each good once').waitFor();
  await axe(other.page);
  const codes = (await other.page.locator('main').innerText()).match(/\b[a-z0-9]{4,5}(-[a-z0-9]{4,5})+\b/gi) ?? [];
  expect(codes.length).toBe(10);
  await other.context.close();

  const again = await open(browser, lab.at.url);
  const enter = async (code: string) => {
    await again.page.locator('input[autocomplete=one-time-code]').fill(code);
    await again.page.locator('button[type=submit]').click();
  };
  await again.page.goto('/');
  await enterPassword(again.page, 'toto', password);
  await enter(first);
  await again.page.getByText('The code is wrong or was used already').waitFor();
  await enter(nextTotp(key));
  await again.page.locator('nav#navigation').waitFor({ state: 'attached' });
  await again.context.clearCookies();
  await again.page.goto('/');
  await enterPassword(again.page, 'toto', password);
  await enter(codes[0]!);
  await again.page.locator('nav#navigation').waitFor({ state: 'attached' });
  await again.context.close();
});

it('shows a token once; it does what it may, and nothing once it is revoked', async () => {
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  await dialog().locator('[data-field=name] input').fill('metrics script');
  await dialog().getByRole('checkbox', { name: /^See partners/ }).check();
  await axe(page);
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().locator('[data-secret]').waitFor();
  const token = await shownOnce();
  const bare = await browser.newContext({ baseURL: lab.at.url, ignoreHTTPSErrors: true });
  const ask = async (path: string) =>
    (await bare.request.get(path, { headers: { authorization: `Bearer ${token}` } })).status();
  expect(await ask('/api/v1/partners')).toBe(200);
  expect(await ask('/api/v1/gateway')).toBe(403);
  await page.getByRole('button', { name: 'Revoke metrics script' }).click();
  await dialog().getByRole('button', { name: 'Revoke', exact: true }).click();
  await saved('metrics script was revoked.');
  expect(await ask('/api/v1/partners')).toBe(401);
  await bare.close();
});

it('keeps how the directory signs in, shows no password, and a test says where it fails', async () => {
  const field = (name: string) => page.locator(`[data-field=${name}] :is(input, textarea, select)`);
  await page.goto('/directory');
  await field('servers').fill('ldaps://127.0.0.1:1');
  await field('user_base').fill('ou=people,dc=example');
  await field('group_base').fill('ou=groups,dc=example');
  await field('bind_dn').fill('cn=reader,dc=example');
  await field('bind_password').fill('hidden from all');
  await page.getByRole('button', { name: 'Commit', exact: true }).click();
  await saved('The settings of the directory were saved.');
  await page.reload();
  expect(await field('user_base').inputValue()).toBe('ou=people,dc=example');
  expect(await field('bind_password').inputValue()).toBe('');
  expect(await page.content()).not.toContain('hidden from all');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.locator('[data-step=connect]').first().waitFor();
  await page.getByText('No server answered.').waitFor();
  await axe(page);
});

it('binds a group only under the base, and confirms what is suggested with the group itself', async () => {
  await page.goto('/directory');
  await page.getByRole('button', { name: 'Bind a group' }).click();
  await dialog().locator('[data-field=group] input').fill('cn=admins,ou=elsewhere');
  await dialog().getByRole('button', { name: 'Bind', exact: true }).click();
  await dialog().locator('[data-field=group] [role=alert]').waitFor();
  await axe(page);
  await dialog().locator('[data-field=group] input').fill('cn=helpers,ou=groups,dc=example');
  await dialog().locator('[data-field=role] select').selectOption('helpdesk');
  await dialog().getByRole('button', { name: 'Bind', exact: true }).click();
  await saved('cn=helpers,ou=groups,dc=example now gives the role Helpdesk.');
  await page.getByRole('button', { name: 'Confirm CsAdministrator' }).click();
  await dialog().locator('[data-field=group] input').fill('cn=CsAdministrator,ou=groups,dc=example');
  await dialog().getByRole('button', { name: 'Confirm', exact: true }).click();
  await saved('cn=CsAdministrator,ou=groups,dc=example now gives the role Administrator.');
  await page.getByRole('button', { name: 'Delete cn=helpers,ou=groups,dc=example' }).click();
  await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
  await saved('Deleted: cn=helpers,ou=groups,dc=example.');
});

describe('what a role sees', () => {
  it.each([
    ['Viewer', 'victor', ['Overview', 'Federation and External Access', 'Streams', 'Certificates', 'Configuration history']],
    ['Helpdesk', 'hedda', ['Overview', 'Federation and External Access', 'Streams', 'Certificates']],
    ['Auditor', 'audrey', ['Audit']],
  ])('%s', async (role, name, places) => {
    const secret = await create(name, role);
    const other = await open(browser, lab.at.url);
    await firstSignIn(other.page, name, secret);
    const links = (await other.page.locator('nav#navigation a').allInnerTexts()).map((text) => text.trim());
    expect(links).toEqual(places);
    for (const path of ['/federation/routes', '/federation/gateway', '/federation/routes/kamailio', '/history']) {
      await other.page.goto(path);
      await other.page.locator('main h1').waitFor();
      await other.page.waitForFunction(() => !document.querySelector('main [role=progressbar]'));
      expect(await other.page.getByRole('button', { name: /^(Commit|New|Delete|Return|Make|Set it)/ }).count(), path).toBe(0);
    }
    await axe(other.page);
    await other.context.close();
  });
});

it('says when there was nothing to complain about', () => expect(person.complaints).toEqual([]));
