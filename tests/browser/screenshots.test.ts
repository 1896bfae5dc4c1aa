/** `npm run screenshots`: every page in English and 繁體中文, to docs/screenshots. */
import { afterAll, beforeAll, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { choose, firstSignIn, open, screenshot, startBrowser, type Session } from './browser';
import { Lab } from './lab';
import { fill, go, places } from './pages';

const languages = ['en', 'zh-TW'] as const;
let lab: Lab;
let browser: Browser;
let person: Session;

// It writes into the source: only when asked.
const asked = process.env.SCREENSHOTS === '1';

beforeAll(async () => {
  if (!asked) return;
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  person = await open(browser, lab.at.url, { viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  await person.page.goto('/');
  for (const language of languages) {
    await choose(person.page, { language });
    await person.page.locator('input[name=username]').waitFor();
    await screenshot(person.page, 'sign-in', language);
  }
  await firstSignIn(person.page, lab.at.name, lab.at.password);
  await fill(lab);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

it.runIf(asked)('every page', async () => {
  for (const language of languages) {
    await choose(person.page, { language });
    for (const place of places(lab).filter((p) => p.name !== 'not-found')) {
      await go(person.page, place);
      await screenshot(person.page, place.name, language);
    }
  }
}, 300_000);
