/** Every control of the form, committed in the browser and seen on the wire. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { firstSignIn, open, startBrowser, type Page } from './browser';
import { Lab } from './lab';
import { commit, field, fill, openAdvanced, openEdit, openNew, type Settings } from './partners';

interface Offers {
  starttls: 'required' | 'optional' | null;
  external: boolean;
  dialback: boolean;
}
interface Features {
  error?: string;
  clear: Offers;
  secure: Offers | null;
}

let lab: Lab;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start('panel_wire.py'), startBrowser()]);
  page = (await open(browser, lab.at.url)).page;
  await firstSignIn(page, lab.at.name, lab.at.password);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

const features = (domain: string) => lab.tell<Features>('features', domain);

async function make(domain: string, settings: Settings = {}) {
  await openNew(page);
  await fill(page, { domain, ...settings });
  await commit(page);
}

async function change(domain: string, settings: Settings) {
  await openEdit(page, domain);
  await fill(page, settings);
  await commit(page);
}

const secure = { tls_negotiation: 'Required', sasl_negotiation: 'Required', support_dialback_negotiation: false };

it('New: who was a stranger is let in', async () => {
  expect((await features('one.lab')).error).toBe('policy-violation');
  await make('one.lab', { partner_type: 'Federated' });
  expect(await features('one.lab')).toEqual({
    clear: { starttls: 'required', external: false, dialback: false },
    secure: { starttls: null, external: true, dialback: false },
  });
});

it('TLS: Required, Optional, Not supported', async () => {
  await change('one.lab', { tls_negotiation: 'Optional', sasl_negotiation: 'Optional', support_dialback_negotiation: true });
  expect((await features('one.lab')).clear).toEqual({ starttls: 'optional', external: false, dialback: true });
  await change('one.lab', { tls_negotiation: 'NotSupported', sasl_negotiation: 'NotSupported' });
  expect((await features('one.lab')).clear).toEqual({ starttls: null, external: false, dialback: true });
  await change('one.lab', secure);
  expect((await features('one.lab')).clear.starttls).toBe('required');
});

it('SASL: Required, Optional, Not supported', async () => {
  await change('one.lab', { sasl_negotiation: 'NotSupported', support_dialback_negotiation: true });
  expect((await features('one.lab')).secure).toEqual({ starttls: null, external: false, dialback: true });
  await change('one.lab', { sasl_negotiation: 'Optional' });
  expect((await features('one.lab')).secure).toEqual({ starttls: null, external: true, dialback: true });
  await change('one.lab', { sasl_negotiation: 'Required' });
  expect((await features('one.lab')).secure).toEqual({ starttls: null, external: true, dialback: false });
});

it('dialback: False, True', async () => {
  await change('one.lab', { sasl_negotiation: 'Optional', support_dialback_negotiation: false });
  expect((await features('one.lab')).secure).toEqual({ starttls: null, external: true, dialback: false });
  await change('one.lab', { support_dialback_negotiation: true });
  expect((await features('one.lab')).secure).toEqual({ starttls: null, external: true, dialback: true });
  await change('one.lab', secure);
});

it('partner type: who may write to whom', async () => {
  await lab.tell('carried', 'one.lab');
  await change('one.lab', { partner_type: 'PublicUnverified' });
  expect(await lab.tell('refused', 'one.lab')).toBe('service-unavailable');
  await change('one.lab', { partner_type: 'PublicVerified' });
  await lab.tell('carried', 'one.lab');
});

it('additional domains: a sub-domain is not implied, and let in when it is listed', async () => {
  expect((await features('chat.one.lab')).error).toBe('policy-violation');
  await change('one.lab', { additional_domains: 'chat.one.lab' });
  expect((await features('chat.one.lab')).secure).toMatchObject({ external: true });
  await openEdit(page, 'one.lab');
  await page.getByRole('button', { name: 'Remove chat.one.lab' }).click();
  await commit(page);
  expect((await features('chat.one.lab')).error).toBe('policy-violation');
});

it('a sub-domain that was refused is offered', async () => {
  await page.goto('/federation/partners/one.lab');
  await page.getByRole('button', { name: 'Add chat.one.lab' }).click();
  await page.getByRole('status').filter({ hasText: 'was saved' }).waitFor();
  expect((await features('chat.one.lab')).secure).toMatchObject({ external: true });
});

it('connection limit: one and no more', async () => {
  await make('three.lab', { partner_type: 'Federated', connection_limit: '1' });
  expect(await lab.tell('opens_two', 'three.lab')).toEqual(['open', 'resource-constraint']);
  await change('three.lab', { connection_limit: '' });
  expect(await lab.tell('opens_two', 'three.lab')).toEqual(['open', 'open']);
});

it('keep-alive: who is silent is asked, or is not', async () => {
  await change('three.lab', { enable_keep_alive: false });
  expect(await lab.tell('keeps_alive', 'partner.lab', 'three.lab')).toEqual({ kept: true, let: false });
});

it('enabled: off closes and refuses, on lets in', async () => {
  await lab.tell('open_stream', 'one.lab');
  await change('one.lab', { enabled: false });
  expect(await lab.tell('stream_ends', 'one.lab')).toBe('policy-violation');
  expect((await features('one.lab')).error).toBe('policy-violation');
  await openEdit(page, 'one.lab');
  await openAdvanced(page);
  expect(await field(page, 'enabled').isChecked()).toBe(false);
  await change('one.lab', { enabled: true });
  expect((await features('one.lab')).secure).toMatchObject({ external: true });
});

it('proxy: where streams go in place of what DNS says', async () => {
  // The last: Entente goes on trying there, and three.lab is not who it looks for.
  await make('two.lab', { partner_type: 'Federated', proxy_fqdn: await lab.tell<string>('listener', 'three.lab') });
  expect(await lab.tell('dialled', 'two.lab', 'three.lab')).toBe(true);
});
