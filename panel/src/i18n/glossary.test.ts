/** Holds the texts against the glossary of each language: the terms people know, and what not to say. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { languages } from './languages';

interface Texts {
  [key: string]: string | Texts;
}

interface Glossary {
  language: string;
  reviewed: boolean;
  /** keys: where the term stands by itself or in a longer text. */
  terms: { en: string; use: string; keys: string[] }[];
  /** For those who translate: words that stand within sentences. */
  words: Record<string, string>;
  avoid: string[];
}

const locales = join(__dirname, '..', 'locales');
const glossaries = readdirSync(join(locales, 'glossary'))
  .map((f) => JSON.parse(readFileSync(join(locales, 'glossary', f), 'utf8')) as Glossary);

function flat(tree: Texts, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    (typeof value === 'string' ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`)));
}

const textsOf = async (tag: string) =>
  new Map(flat(((await import(`../locales/${tag}/index.ts`)) as { default: Texts }).default));

describe('the glossaries', () => {
  it('are there for every language but English', () => {
    expect(glossaries.map((g) => g.language).sort())
      .toEqual(languages.map((l) => l.tag).filter((tag) => tag !== 'en').sort());
  });

  it.each(glossaries)('$language: reviewed in the menu as in the glossary', (g) => {
    expect(languages.find((l) => l.tag === g.language)?.reviewed).toBe(g.reviewed);
  });

  it.each(glossaries)('$language: the terms are used', async (g) => {
    const texts = await textsOf(g.language);
    const en = await textsOf('en');
    const wrong = g.terms.flatMap((t) => t.keys
      .filter((key) => !texts.get(key)?.includes(t.use))
      .map((key) => `${key}: '${texts.get(key)}' is not '${t.use}'`));
    expect(wrong).toEqual([]);
    expect(g.terms.flatMap((t) => t.keys).filter((key) => !en.has(key)), 'no such texts').toEqual([]);
  });

  it.each(glossaries)('$language: nothing that is to be avoided', async (g) => {
    const texts = await textsOf(g.language);
    expect([...texts].filter(([, text]) => g.avoid.some((word) => text.includes(word)))).toEqual([]);
  });
});
