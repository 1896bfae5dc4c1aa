/**
 * Every page, filled: nothing that axe can see is wrong, in both languages, light and dark; with the
 * pseudo-locale nothing is untranslated, and nothing is cut, too wide or on top of something else at
 * 320 pixels and at 200 %.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { axe, choose, firstSignIn, fits, open, startBrowser, untranslated, type Session } from './browser';
import { Lab } from './lab';
import { dialogs, fill, go, places } from './pages';

let lab: Lab;
let browser: Browser;
let person: Session;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Lab.start(), startBrowser()]);
  person = await open(browser, lab.at.url);
  await firstSignIn(person.page, lab.at.name, lab.at.password);
  await fill(lab);
});

afterAll(async () => {
  await browser?.close();
  await lab?.end();
});

/** What is a name of something, not a text of the panel. */
const names = /^[\w.@:/+-]+$|^sip:|^\d|^[A-Z]=|^(Entente|TLS|SASL|XMPP|SIP|UDP|TCP)\b/;

describe.each([['en', 'light'], ['en', 'dark'], ['zh-TW', 'light'], ['zh-TW', 'dark'], ['en', 'contrast']])(
  'in %s, %s', (language, theme) => {
    it('every page is accessible, and has its language and title', async () => {
      const { page, complaints } = person;
      await page.setViewportSize({ width: 1280, height: 900 });
      await choose(page, { language, theme });
      const titles = new Set<string>();
      for (const place of places(lab)) {
        await go(page, place);
        await axe(page, `${place.name} in ${language}, ${theme}`);
        titles.add(await page.title());
        expect(await page.locator('h1').count(), place.name).toBe(1);
      }
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(language);
      expect(titles.size).toBeGreaterThan(places(lab).length - 3);
      expect(complaints).toEqual([]);
    }, 180_000);
  });

it('would see what is cut, too wide, or lies on something else', async () => {
  const { page } = person;
  await page.setViewportSize({ width: 640, height: 450 });
  await choose(page, { language: 'en-XA', theme: 'light' });
  const said: string[] = [];
  for (const [child, style] of [
    ['first', 'margin-bottom: -12px'], ['first', 'width: 20px; height: 12px; overflow: visible; line-height: 24px'],
    ['first', 'width: 40px; overflow: hidden; white-space: nowrap'], ['last', 'width: 900px'],
  ]) {
    await page.evaluate(([which, text]) => {
      const box = document.createElement('div');
      box.id = 'wrong';
      for (const words of ['Words that are not short', 'Others below them']) {
        const p = document.createElement('p');
        p.textContent = words;
        p.style.margin = '0';
        box.append(p);
      }
      const wrong = (which === 'first' ? box.firstElementChild : box.lastElementChild) as HTMLElement;
      wrong.style.cssText = `margin: 0; ${text}`;
      document.querySelector('main')!.append(box);
    }, [child, style]);
    await fits(page, 'wrong').catch((e) => said.push(String(e)));
    await page.evaluate(() => document.querySelector('#wrong')!.remove());
  }
  expect(said.map((text) => /overlap in|overlap|cut|wide/.exec(text)?.[0])).toEqual(['overlap in', 'overlap', 'cut', 'wide']);
});

describe.each([['320 pixels', 320, 640], ['200 %', 640, 450]])('at %s', (_name, width, height) => {
  it('nothing is untranslated, cut, too wide or overlapping', async () => {
    const { page } = person;
    await page.setViewportSize({ width, height });
    await choose(page, { language: 'en-XA', theme: 'light' });
    const found: string[] = [];
    for (const place of places(lab)) {
      await go(page, place);
      await page.evaluate(() => document.querySelectorAll('main details').forEach((e) => e.setAttribute('open', '')));
      await fits(page, `${place.name} at ${width}`).catch((e) => found.push(String(e)));
      found.push(...(await untranslated(page, names)).map((text) => `${place.name}: ${text}`));
    }
    expect(found).toEqual([]);
  }, 180_000);

  it('nor in dialogs, nor where something was refused', async () => {
    const { page } = person;
    await page.setViewportSize({ width, height });
    await choose(page, { language: 'en-XA', theme: 'light' });
    const found: string[] = [];
    for (const place of dialogs(lab)) {
      await go(page, place);
      await fits(page, `${place.name} at ${width}`).catch((e) => found.push(String(e)));
      found.push(...(await untranslated(page, names)).map((text) => `${place.name}: ${text}`));
    }
    expect(found).toEqual([]);
  }, 180_000);
});

it('is used with the keyboard alone', async () => {
  const { page } = person;
  await page.setViewportSize({ width: 1280, height: 900 });
  await choose(page, { language: 'en', theme: 'system' });
  await page.goto('/streams');
  await page.locator('main h1').waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  // What has the focus shows it.
  await page.keyboard.press('Tab');
  const ring = await page.evaluate(() => {
    const of = (e: Element) => [getComputedStyle(e), getComputedStyle(e, '::after')];
    const chain = [document.activeElement!, document.activeElement!.parentElement!];
    return chain.flatMap(of).some((s) => s.outlineStyle !== 'none' || s.borderBottomWidth !== '0px' || s.boxShadow !== 'none');
  });
  expect(ring).toBe(true);
});
