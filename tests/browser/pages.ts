/** Every page of the panel, and how it is filled before it is looked at. */
import { pseudoOf } from '../../panel/src/i18n/pseudo';
import type { Page } from './browser';
import type { Lab } from './lab';

export interface Place {
  name: string;
  path: string;
  /** What is done on it: opens a dialog, makes it refuse. */
  then?: (page: Page) => Promise<void>;
}

export const places = (lab: Lab): Place[] => [
  // With the rates of the first two seconds.
  { name: 'overview', path: '/', then: (page) => page.locator('main li').filter({ hasText: /–/ }).first().waitFor({ state: 'detached' }) },
  { name: 'partners', path: '/federation/partners' },
  { name: 'partner-new', path: '/federation/partners/new' },
  { name: 'partner-edit', path: `/federation/partners/${lab.at.partner}/edit` },
  { name: 'partner', path: `/federation/partners/${lab.at.partner}` },
  { name: 'routes', path: '/federation/routes' },
  { name: 'route', path: '/federation/routes/kamailio' },
  { name: 'domain', path: `/federation/domains/${lab.at.domain}` },
  { name: 'gateway', path: '/federation/gateway' },
  { name: 'streams', path: '/streams' },
  { name: 'certificates', path: '/certificates' },
  { name: 'audit', path: '/audit' },
  { name: 'administrators', path: '/administrators' },
  { name: 'tokens', path: '/tokens' },
  { name: 'directory', path: '/directory' },
  { name: 'history', path: '/history' },
  { name: 'account', path: '/account' },
  { name: 'not-found', path: '/nowhere' },
];

/** What stands over a page, and what it says when it refuses: with the pseudo-locale. */
export function dialogs(lab: Lab): Place[] {
  const opens = (button: string, refuses?: string) => async (page: Page) => {
    const named = (text: string) => ({ name: pseudoOf({ text }).text as string, exact: true });
    const dialog = page.locator('[role=dialog], [role=alertdialog]');
    await page.locator('main').getByRole('button', named(button)).click();
    await dialog.waitFor();
    if (!refuses) return;
    for (const input of await dialog.locator('input:not([type=checkbox]):not([type=radio])').all()) await input.fill('-');
    for (const box of await dialog.getByRole('checkbox').all()) await box.check();
    await dialog.getByRole('button', named(refuses)).click();
    await dialog.getByRole('alert').first().waitFor();
  };
  // As long as it may be, and without a place to break it.
  const long = 'W'.repeat(200);
  const form = (page: Page, name: string) => page.locator(`[data-field=${name}] :is(input, select, textarea)`).first();
  const commit = async (page: Page, name: string) => {
    await page.locator(`form:has([data-field=${name}]) button[type=submit]`).click();
    await page.locator('[role=dialog], [role=alertdialog]').waitFor();
  };
  let times = 0;
  /** Somebody else is at it. */
  const meanwhile = (kind: string, key: string) =>
    lab.entente(kind, 'set', key, '--description', `${++times} ${long}`, '--yes');
  const partner = '/federation/partners/old.example.net/edit';
  return [
    { name: 'plan of a partner', path: partner, then: async (page) => {
      await form(page, 'description').fill(long);
      await form(page, 'tls_negotiation').selectOption('NotSupported');
      await commit(page, 'domain');
    } },
    { name: 'conflict of a partner', path: partner, then: async (page) => {
      await form(page, 'description').fill(`mine ${times} ${long}`);
      await meanwhile('partner', 'old.example.net');
      await commit(page, 'domain');
      await page.getByRole('alertdialog').getByRole('radio').first().waitFor();
    } },
    { name: 'plan of a route', path: '/federation/routes/kamailio', then: async (page) => {
      await form(page, 'description').fill(long);
      await form(page, 'late_error').selectOption('off');
      await commit(page, 'next_hop');
    } },
    { name: 'conflict of a route', path: '/federation/routes/kamailio', then: async (page) => {
      await form(page, 'description').fill(`mine ${times} ${long}`);
      await meanwhile('route', 'kamailio');
      await commit(page, 'next_hop');
      await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('radio').first().waitFor();
    } },
    { name: 'new administrator', path: '/administrators', then: opens('New administrator', 'Create') },
    { name: 'new role', path: '/administrators?tab=roles', then: opens('New role', 'Commit') },
    { name: 'new token', path: '/tokens', then: opens('New token') },
    { name: 'bind a group', path: '/directory', then: opens('Bind a group', 'Bind') },
    { name: 'new passphrase', path: '/federation/gateway', then: opens('Make a new one') },
    { name: 'refused partner', path: '/federation/partners/new', then: async (page) => {
      await page.locator('[data-field=domain] input').first().fill('no domain');
      await page.locator('form:has([data-field=domain]) button[type=submit]').click();
      await page.locator('main [role=alert]').filter({ hasText: /\S/ }).first().waitFor();
    } },
  ];
}

/** Partners in every state, streams, an administrator, so that lists are lists. */
export async function fill(lab: Lab) {
  for (const [domain, ...options] of [
    ['jabber.example', '--type', 'PublicVerified', '--description', 'A public provider'],
    ['chat.example.org', '--domains', 'conference.chat.example.org', '--dialback', 'false'],
    ['old.example.net', '--tls', 'Optional', '--sasl', 'NotSupported', '--dialback', 'true', '--enabled', 'false'],
  ]) await lab.entente('partner', 'add', domain!, ...options);
  await lab.write('Wherefore art thou Romeo?');
}

/** The page is there, with what it reads. */
export async function go(page: Page, place: Place) {
  await page.goto(place.path);
  await page.locator('main h1').waitFor();
  await settled(page);
  await place.then?.(page);
}

/** Nothing is being read any more. */
export async function settled(page: Page) {
  await page.waitForFunction(() => !document.querySelector('main [role=progressbar]'));
}
