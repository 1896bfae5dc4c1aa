/** A real slapd signs administrators in: set up in the panel, confirmed, tested, and then used. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, enterPassword, firstSignIn, open, signIn, startBrowser, type Page, type Session } from './browser';
import { Lab } from './lab';

interface Directory {
  uri: string;
  ca_file: string;
  user_base: string;
  group_base: string;
  bind_dn: string;
  bind_password: string;
  /** DN of the group whose member is to be a viewer, and of the one that is suggested. */
  viewers: string;
  suggested: string;
  /** Of everybody. */
  secret: string;
}

let lab: Lab;
let browser: Browser;
let person: Session;
let page: Page;
let directory: Directory;

const field = (name: string) => page.locator(`[data-field=${name}] :is(input, textarea, select)`);
const dialog = () => page.locator('[role=dialog], [role=alertdialog]');
const saved = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor();

/** The word of the time before may still be there: what counts is the answer. */
async function commit() {
  const answer = page.waitForResponse((r) => r.request().method() === 'PATCH' && r.url().endsWith('/api/v1/directory'));
  await page.getByRole('button', { name: 'Commit', exact: true }).click();
  expect((await answer).status()).toBe(200);
  await saved('The settings of the directory were saved.');
}

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  directory = await lab.tell<Directory>('start_directory');
  person = await open(browser, lab.at.url);
  page = person.page;
  await firstSignIn(page, lab.at.name, lab.at.password);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

/** The result of each step, and the words of the end. */
async function test(name: string) {
  await page.locator('[data-field=name] input').fill(name);
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  const log = page.getByRole('log', { name: 'Test' });
  await log.locator('.fui-MessageBar').waitFor();
  return {
    steps: await log.locator('li').evaluateAll((l) => l.map((e) => (e as HTMLElement).dataset.step!)),
    end: await log.locator('.fui-MessageBar').innerText(),
    log: await log.innerText(),
  };
}

/** Somebody at a browser of his own. */
async function anybody(use: (other: Page) => Promise<void>) {
  const other = await open(browser, lab.at.url);
  await other.page.goto('/');
  await use(other.page);
  expect(other.complaints).toEqual([]);
  await other.context.close();
}

const turnedAway = (name: string, secret: string) => anybody(async (other) => {
  await enterPassword(other, name, secret);
  await other.getByRole('alert').filter({ hasText: 'Name or password is wrong' }).waitFor();
  expect((await other.request.get('/api/v1/session')).status()).toBe(401);
});

it('trusts no server whose authority it does not know, and says so', async () => {
  await page.goto('/directory');
  await page.getByRole('switch', { name: 'Sign in with the directory' }).check();
  await field('servers').fill(directory.uri);
  await field('user_base').fill(directory.user_base);
  await field('group_base').fill(directory.group_base);
  await field('bind_dn').fill(directory.bind_dn);
  await field('bind_password').fill(directory.bind_password);
  await commit();
  const { end, log } = await test('');
  expect(end).toContain('No server answered.');
  expect(log).toContain('TLS');
  await axe(page);
});

it('reads the directory with the file of its authority', async () => {
  await field('ca_file').fill(directory.ca_file);
  // Who says whom to trust says anew what the trusted one is told.
  await page.getByRole('button', { name: 'Commit', exact: true }).click();
  await page.locator('[data-field=bind_password] [role=alert]').filter({ hasText: 'type it again' }).waitFor();
  expect(await field('ca_file').inputValue()).toBe(directory.ca_file);
  await axe(page);
  await field('bind_password').fill(directory.bind_password);
  await commit();
  expect((await test('nobody')).end).toContain('There is nobody of this name.');
  // Her group is bound to nothing yet.
  expect((await test('vera')).end).toContain('The account is in no group that gives a role.');
});

it('confirms what was suggested, binds a group, and says what would become of a sign-in', async () => {
  await page.getByRole('button', { name: 'Confirm CsAdministrator' }).click();
  await dialog().locator('[data-field=group] input').fill(directory.suggested);
  await dialog().getByRole('button', { name: 'Confirm', exact: true }).click();
  await saved(`${directory.suggested} now gives the role Administrator.`);
  await page.getByRole('button', { name: 'Bind a group' }).click();
  await dialog().locator('[data-field=group] input').fill(directory.viewers);
  await dialog().locator('[data-field=role] select').selectOption('viewer');
  await dialog().getByRole('button', { name: 'Bind', exact: true }).click();
  await saved(`${directory.viewers} now gives the role Viewer.`);
  await page.locator('tr', { hasText: directory.viewers }).getByText('in force').waitFor();
  const { steps, end } = await test('vera');
  expect(steps).toEqual(['connect', 'tls', 'bind', 'base', 'base', 'user', 'groups', 'roles']);
  expect(end).toContain('The sign-in would be accepted.');
  expect(end).toContain('Roles: Viewer');
  await axe(page);
  expect((await test('olga')).end).toContain('The account is in no group that gives a role.');
  expect(await page.content()).not.toContain(directory.bind_password);
});

it('lets nobody in with a wrong password, or without a group that has a role', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=username]').waitFor();
  await turnedAway('vera', 'wrong');
  await turnedAway('olga', directory.secret);
});

it('signs a person of the group in, who sees what a viewer sees', () => anybody(async (other) => {
  await signIn(other, 'vera', directory.secret);
  expect(await (await other.request.get('/api/v1/session')).json())
    .toMatchObject({ name: 'vera', display: 'Vera', source: 'directory', roles: ['viewer'] });
  await other.goto('/federation/partners');
  await other.getByRole('link', { name: lab.at.partner, exact: true }).waitFor();
  expect(await other.getByRole('button', { name: 'New' }).count()).toBe(0);
  await other.goto(`/federation/partners/${lab.at.partner}/edit`);
  await other.locator('[data-field=description] :is(input, textarea)').waitFor();
  expect(await other.getByRole('button', { name: 'Commit' }).count()).toBe(0);
  expect(await other.getByRole('link', { name: 'Directory' }).count()).toBe(0);
  await axe(other);
}));

it('signs a person of the suggested group in, who may change things', () => anybody(async (other) => {
  await signIn(other, 'adam', directory.secret);
  await other.goto('/federation/partners');
  await other.getByRole('link', { name: lab.at.partner, exact: true }).waitFor();
  expect(await other.getByRole('button', { name: 'New' }).count()).toBeGreaterThan(0);
  await other.getByRole('link', { name: 'Directory' }).waitFor();
}));

it('complained about nothing, and told who came in and who did not', async () => {
  const lines = (await lab.ask<{ verb: string; who: string; code: string | null }[]>('audit', 'list'))
    .filter((l) => l.verb === 'sign-in').map((l) => `${l.who} ${l.code ?? ''}`.trim());
  // Who is let in by nobody has no name here: people type passwords into the wrong field.
  expect(lines.filter((l) => !l.startsWith(lab.at.name)).reverse())
    .toEqual(['(unknown) bad_password', '(unknown) no_role', 'vera', 'adam']);
  expect(person.complaints).toEqual([]);
});
