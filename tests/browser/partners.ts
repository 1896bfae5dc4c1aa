/** What tests do with the pages of partners: by the names of settings, in any language. */
import { expect } from 'vitest';
import type { Page } from './browser';

export const list = '/federation/partners';
export const show = (domain: string) => `${list}/${encodeURIComponent(domain)}`;
export const edit = (domain: string) => `${show(domain)}/edit`;

export interface Settings {
  domain?: string;
  description?: string;
  /** Typed or pasted as one text. */
  additional_domains?: string;
  partner_type?: string;
  tls_negotiation?: string;
  sasl_negotiation?: string;
  support_dialback_negotiation?: boolean;
  enable_keep_alive?: boolean;
  proxy_fqdn?: string;
  connection_limit?: string;
  enabled?: boolean;
}

const selects = ['partner_type', 'tls_negotiation', 'sasl_negotiation', 'support_dialback_negotiation'];
const switches = ['enable_keep_alive', 'enabled'];
const advanced = ['enable_keep_alive', 'proxy_fqdn', 'connection_limit', 'enabled'];

export const field = (page: Page, name: string) =>
  page.locator(`form [data-field="${name}"] :is(input, select, textarea)`).first();

export async function openNew(page: Page) {
  await page.goto(`${list}/new`);
  await field(page, 'domain').waitFor();
}

export async function openEdit(page: Page, domain: string) {
  await page.goto(edit(domain));
  await expect.poll(() => field(page, 'domain').inputValue()).not.toBe('');
}

export async function openAdvanced(page: Page) {
  if (!(await field(page, 'proxy_fqdn').isVisible()))
    await page.locator('form h2 button[aria-expanded="false"]').click();
  await field(page, 'proxy_fqdn').waitFor();
}

export async function fill(page: Page, settings: Settings) {
  if (Object.keys(settings).some((name) => advanced.includes(name))) await openAdvanced(page);
  for (const [name, value] of Object.entries(settings)) {
    if (selects.includes(name)) await field(page, name).selectOption(String(value));
    else if (switches.includes(name)) await field(page, name).setChecked(value === true);
    else await field(page, name).fill(String(value));
  }
}

export const press = (page: Page) =>
  page.locator('form:has([data-field=domain]) button[type=submit]').click({ timeout: 5000 });

/** Back at the list, with the word that it was done. */
export async function saved(page: Page) {
  await page.waitForURL((url) => url.pathname === list);
  await page.locator('[role=status]').filter({ hasText: /was saved/ }).waitFor();
}

/** The dialog with the plan. */
export const plan = (page: Page) => page.getByRole('dialog').filter({ has: page.getByRole('heading', { level: 3 }) });

/** Commits, through the plan when there is one to see. */
export async function commit(page: Page) {
  await press(page);
  const dialog = plan(page);
  await Promise.race([
    dialog.waitFor(),
    page.waitForURL((url) => url.pathname === list),
    page.locator('form [data-code]').waitFor(),
  ]).catch(() => undefined);
  if (await dialog.isVisible()) await dialog.getByRole('button', { name: 'Commit' }).click();
  await saved(page);
}

/** The code with which a commit was refused. */
export async function refusal(page: Page): Promise<string | null> {
  return page.locator('form [data-code]').first().getAttribute('data-code');
}
