/** Debian's Chromium, and what tests do with a page. */
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Result } from 'axe-core';

export type { Page } from 'playwright-core';

const top = fileURLToPath(new URL('../..', import.meta.url));
const axeFile = createRequire(`${top}/panel/package.json`).resolve('axe-core/axe.min.js');
const switches = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** Of an administrator whose one-time password was used. */
export const password = 'a horse of seven colours';

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: switches });

export interface Session {
  context: BrowserContext;
  page: Page;
  /** What the page complained about: errors, and what the content security policy refused. */
  complaints: string[];
}

/** A person at a browser of his own. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Session> {
  const context = await browser.newContext({
    baseURL: url, ignoreHTTPSErrors: true, locale: 'en-GB', viewport: { width: 1280, height: 900 }, ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (e) => complaints.push(String(e.stack ?? e)));
  page.on('console', (m) => {
    // That a request was refused is no complaint: the tests say which are.
    if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) complaints.push(m.text());
  });
  return { context, page, complaints };
}

/** At the sign-in form: name and password; then what comes next is the caller's. */
export async function enterPassword(page: Page, name: string, secret: string) {
  await page.locator('input[name=username]').fill(name);
  await page.locator('input[name=password]').fill(secret);
  await page.locator('button[type=submit]').click();
}

/** Signs in for the first time, with the one-time password, and sets `password`. */
export async function firstSignIn(page: Page, name: string, oneTime: string) {
  await page.goto('/');
  await enterPassword(page, name, oneTime);
  await page.locator('input[name=new-password]').fill(password);
  await page.locator('input[name=new-password-again]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav#navigation').waitFor({ state: 'attached' });
}

export async function signIn(page: Page, name: string, secret = password) {
  await page.goto('/');
  await enterPassword(page, name, secret);
  await page.locator('nav#navigation').waitFor({ state: 'attached' });
}

export async function choose(page: Page, { language, theme }: { language?: string; theme?: string }) {
  await page.evaluate(([l, t]) => {
    if (l) localStorage.setItem('entente.language', l);
    if (t) localStorage.setItem('entente.theme', t);
  }, [language, theme]);
  await page.reload();
  await page.locator('h1').first().waitFor();
}

/**
 * Nothing of WCAG 2.2 AA that axe can see is broken. Left out are Fluent's guards at both ends of a
 * dialog or a list of tabs: they take the focus only to hand it on.
 */
export async function axe(page: Page, where = page.url()) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(readFileSync(axeFile, 'utf8'));
  // What fades in or out has no contrast yet. A spinner never ends.
  await page.waitForFunction(() => document.getAnimations().every((a) =>
    a.playState !== 'running' || a.effect?.getComputedTiming().iterations === Infinity));
  const found = await page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (c: object, o: object) => Promise<{ violations: Result[] }> } }).axe.run;
    const { violations } = await run({ include: document, exclude: ['[data-tabster-dummy]'] }, {
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    });
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`);
  });
  if (found.length > 0) throw new Error(`${where}:\n${found.join('\n')}`);
}

/**
 * Nothing is wider than the window, no text is cut by its own box, and none lies on another: neither
 * the boxes of siblings with words, nor any two texts, also where they have left their boxes. What is
 * taken out of the flow on purpose (for screen readers only, or staying while the rest scrolls) is left out.
 */
export async function fits(page: Page, where = page.url()) {
  const found = await page.evaluate(() => {
    const out: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth + 1) {
      const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
      out.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}: ${wide.slice(-3).map((e) => e.outerHTML.slice(0, 120)).join(' | ')}`);
    }
    for (const e of document.querySelectorAll<HTMLElement>('main *, header *, nav *, [role=dialog] *, [role=alertdialog] *')) {
      const style = getComputedStyle(e);
      const clips = style.overflowX === 'hidden' || style.overflowX === 'clip';
      const hidden = style.position === 'absolute' || style.visibility === 'hidden' || e.closest('.visually-hidden, [aria-hidden=true], select');
      if (clips && !hidden && e.scrollWidth > e.clientWidth + 2 && e.textContent!.trim())
        out.push(`cut: ${e.tagName} ${e.textContent!.trim().slice(0, 60)}`);
    }

    const says = (text: string) => text.trim().slice(0, 60);
    const away = (e: Element) => {
      const style = getComputedStyle(e);
      return ['absolute', 'fixed', 'sticky'].includes(style.position) || !e.checkVisibility({ checkVisibilityCSS: true })
        || e.matches('.visually-hidden, [aria-hidden=true], script, style, noscript, select, svg');
    };
    /** As much as is seen of it. A text that runs on has one a line. */
    const boxesOf = (e: Element | Range, clip: DOMRect) => [...e.getClientRects()].flatMap((r) => {
      const left = Math.max(r.left, clip.left), top = Math.max(r.top, clip.top);
      const seen = new DOMRect(left, top, Math.min(r.right, clip.right) - left, Math.min(r.bottom, clip.bottom) - top);
      return seen.width > 2 && seen.height > 2 ? [seen] : [];
    });
    const meet = (a: DOMRect, b: DOMRect, high: number) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > high;
    interface Worded { text: string; boxes: DOMRect[] }
    const pairs = (list: Worded[], high: (a: DOMRect, b: DOMRect) => number, tell: (a: Worded, b: Worded) => void) =>
      list.forEach((one, i) => list.slice(i + 1).forEach((other) => {
        if (one.boxes.some((x) => other.boxes.some((y) => meet(x, y, high(x, y))))) tell(one, other);
      }));

    const look = (parent: Element, around: DOMRect, texts: Worded[]) => {
      const clips = parent !== document.body && getComputedStyle(parent).overflowY !== 'visible';
      const clip = clips ? parent.getBoundingClientRect() : around;
      const siblings = [...parent.children].filter((e) => !away(e));
      pairs(siblings.filter((e) => e.textContent!.trim() || e.matches('input, textarea'))
        .map((e) => ({ text: e.textContent!, boxes: boxesOf(e, clip) })), () => 1, (one, other) =>
        out.push(`overlap in ${parent.tagName}: ${says(one.text)} | ${says(other.text)}`));
      for (const node of parent.childNodes) {
        if (!(node instanceof Text) || !node.data.trim()) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        texts.push({ text: node.data, boxes: boxesOf(range, clip) });
      }
      siblings.forEach((e) => look(e, clip, texts));
    };
    // What lies over the page on purpose is looked at by itself.
    for (const top of [document.body, ...document.querySelectorAll('[role=dialog], [role=alertdialog]')]) {
      const texts: Worded[] = [];
      look(top, new DOMRect(-1e6, -1e6, 2e6, 2e6), texts);
      // The box of a line is of its font, which may be higher than the line is.
      pairs(texts, (a, b) => Math.min(a.height, b.height) / 3, (one, other) =>
        out.push(`overlap: ${says(one.text)} | ${says(other.text)}`));
    }
    return out;
  });
  if (found.length > 0) throw new Error(`${where}:\n${found.join('\n')}`);
}

/** With the pseudo-locale: texts of the panel that are not in brackets are not translated. */
export async function untranslated(page: Page, allowed: RegExp): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const out: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement!;
      if (parent.closest('script, style, noscript, time, [lang], option[lang]')) continue;
      const text = node.textContent!.trim();
      if (/\p{L}{2,}/u.test(text)) out.push(text);
    }
    return out;
  });
  return texts.filter((text) => !/[[\]~]/.test(text) && !allowed.test(text));
}

const folder = `${top}/docs/screenshots`;

export async function screenshot(page: Page, name: string, language: string) {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.${language}.png`, animations: 'disabled', fullPage: true });
}
