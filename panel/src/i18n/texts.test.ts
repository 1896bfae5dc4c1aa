/**
 * The lint of texts: every key that is used exists in English; 繁體中文 has every English one and no
 * others; no language names a {{value}} that English has not; and components have no text of their own.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const source = join(__dirname, '..');
type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') out.set(prefix + key, value);
    else flat(value, `${prefix}${key}.`).forEach((v, k) => out.set(k, v));
  }
  return out;
}

function texts(tag: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const file of readdirSync(join(source, 'locales', tag)).filter((f) => f.endsWith('.json'))) {
    const part = flat(JSON.parse(readFileSync(join(source, 'locales', tag, file), 'utf8')) as Tree);
    part.forEach((value, key) => {
      if (all.has(key)) throw new Error(`${tag}/${file}: ${key} is there twice`);
      all.set(key, value);
    });
  }
  return all;
}

/** Parts are put together at the top only: two of them must not share a first word. */
function sharedTops(tag: string): string[] {
  const seen = new Map<string, string>();
  const shared: string[] = [];
  for (const file of readdirSync(join(source, 'locales', tag)).filter((f) => f.endsWith('.json'))) {
    for (const top of Object.keys(JSON.parse(readFileSync(join(source, 'locales', tag, file), 'utf8')) as Tree)) {
      if (seen.has(top) && !merged.has(top)) shared.push(`${top}: ${seen.get(top)} and ${file}`);
      seen.set(top, file);
    }
  }
  return shared;
}

/** Those that every part may add to: see locales/merge.ts. */
const merged = new Set(['problem', 'warning', 'setting', 'value', 'kind', 'nav', 'action', 'common']);

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((f) => /\.tsx?$/.test(f) && !/\.test\.tsx?$/.test(f) && !f.startsWith('locales') && !f.startsWith('testing'))
  .map((f) => join(source, f));
const parsed = files.map((f) => ts.createSourceFile(f, readFileSync(f, 'utf8'), ts.ScriptTarget.ES2022, true,
  f.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS));

function walk(node: ts.Node, visit: (node: ts.Node) => void) {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

const where = (node: ts.Node) => {
  const file = node.getSourceFile();
  return `${relative(source, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
};

const en = texts('en');
const has = (key: string) => en.has(key) || en.has(`${key}_other`);
const begins = (prefix: string) => [...en.keys()].some((k) => k.startsWith(prefix));

/** The first argument of t(...): a key, or the fixed beginning of one. */
function keysOf(arg: ts.Expression): { key: string; whole: boolean }[] {
  if (ts.isStringLiteralLike(arg)) return [{ key: arg.text, whole: true }];
  if (ts.isTemplateExpression(arg)) return arg.head.text ? [{ key: arg.head.text, whole: false }] : [];
  if (ts.isConditionalExpression(arg)) return [...keysOf(arg.whenTrue), ...keysOf(arg.whenFalse)];
  if (ts.isParenthesizedExpression(arg)) return keysOf(arg.expression);
  return [];
}

describe('texts', () => {
  it('has every key that is used', () => {
    const missing: string[] = [];
    for (const file of parsed) walk(file, (node) => {
      if (!ts.isCallExpression(node) || !node.arguments[0]) return;
      const name = node.expression.getText();
      if (name !== 't' && name !== 'i18next.t') return;
      for (const { key, whole } of keysOf(node.arguments[0]))
        if (!(whole ? has(key) : begins(key))) missing.push(`${where(node)} ${key}`);
    });
    // Keys in tables: nav.overview and the like.
    for (const file of parsed) walk(file, (node) => {
      if (ts.isPropertyAssignment(node) && node.name.getText() === 'label' && ts.isStringLiteral(node.initializer)
        && /^[a-z]\w*(\.\w+)+$/.test(node.initializer.text) && !has(node.initializer.text))
        missing.push(`${where(node)} ${node.initializer.text}`);
    });
    expect(missing).toEqual([]);
  });

  it('is complete in 繁體中文', () => {
    const zh = texts('zh-TW');
    expect([...en.keys()].filter((k) => !zh.has(k)), 'missing').toEqual([]);
    expect([...zh.keys()].filter((k) => !en.has(k)), 'not in English').toEqual([]);
  });

  it.each(['zh-TW', 'de', 'fr', 'es', 'ja'])('%s names the values that English names', (tag) => {
    const values = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g) ?? [])].sort().join();
    const own = texts(tag);
    expect([...own].filter(([k, v]) => !en.has(k) || values(en.get(k)!) !== values(v)).map(([k]) => k)).toEqual([]);
  });

  it.each(['en', 'zh-TW', 'de', 'fr', 'es', 'ja'])('%s: no part hides another', (tag) => {
    expect(sharedTops(tag)).toEqual([]);
  });

  it('says 協力廠商 throughout', () => {
    expect([...texts('zh-TW')].filter(([, v]) => v.includes('夥伴')).map(([k]) => k)).toEqual([]);
  });

  it('is not in components', () => {
    const found: string[] = [];
    const spoken = new Set(['aria-label', 'title', 'placeholder', 'label', 'alt', 'hint', 'text', 'confirm', 'intro']);
    // An example of an address is the same in every language.
    const isText = (s: string) => /\p{L}{2,}/u.test(s) && !/^[\w.:@-]+\.(com|org|net)[:\d]*$/.test(s);
    for (const file of parsed) walk(file, (node) => {
      if (ts.isJsxText(node) && isText(node.text)) found.push(`${where(node)} ${node.text.trim()}`);
      if (ts.isJsxAttribute(node) && spoken.has(node.name.getText()) && node.initializer
        && ts.isStringLiteral(node.initializer) && isText(node.initializer.text))
        found.push(`${where(node)} ${node.initializer.text}`);
      if (ts.isJsxExpression(node) && node.expression && ts.isStringLiteralLike(node.expression)
        && !ts.isJsxAttribute(node.parent) && isText(node.expression.text))
        found.push(`${where(node)} ${node.expression.text}`);
    });
    expect(found).toEqual([]);
  });
});
