/*
 * An object of any kind as the API has it, and as it stands in a form: a draft is text as it was
 * typed, and true or false. What is right for a setting is for the service to say.
 */
import { isList, type KindInfo, type Setting } from './kinds';

export type Draft = Record<string, string | boolean>;
export type Item = Record<string, unknown>;
export type Settings = Record<string, string | boolean | string[] | null>;

const SEPARATORS = /[\s,;\u3001\uff0c\uff1b\uff64\u060c]+/u;

/** A list as it was typed or pasted: comma, semicolon, white space and their full-width forms part it. */
export function splitList(text: string): string[] {
  return text.split(SEPARATORS).filter(Boolean);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** Secrets are never shown: they begin empty, and empty means as it was. */
export function draftOf(info: KindInfo, item: Item): Draft {
  return Object.fromEntries(info.settings.map((s) => {
    if (s.write_only) return [s.name, ''];
    const value = item[`${s.name}_unicode`] ?? item[s.name];
    return [s.name, s.type === 'bool' ? value === true : textOf(value)];
  }));
}

export function newDraft(info: KindInfo): Draft {
  return Object.fromEntries(info.settings.map((s) =>
    [s.name, s.type === 'bool' ? s.default === 'true' : (s.default ?? '')]));
}

function normal(s: Setting, value: string | boolean | undefined): string {
  if (typeof value !== 'string') return String(value ?? false);
  if (isList(s)) return [...new Set(splitList(value.toLowerCase()))].sort().join(',');
  if (s.type === 'text') return value.replace(/\r\n?/g, '\n');
  if (s.type === 'secret') return value;
  return value.trim();
}

/** Do two drafts mean the same by this setting? The order of a list says nothing. */
export const same = (s: Setting, a: Draft, b: Draft) => normal(s, a[s.name]) === normal(s, b[s.name]);

export function changed(info: KindInfo, base: Draft, mine: Draft): Setting[] {
  return info.settings.filter((s) => !same(s, base, mine));
}

/** null returns a setting to its default, which is none where none is allowed. */
function valueOf(s: Setting, value: string | boolean | undefined): string | boolean | string[] | null {
  if (typeof value !== 'string') return value ?? false;
  if (isList(s)) return splitList(value);
  if (s.type === 'text') return value === '' ? null : value;
  if (s.type === 'secret') return value;
  const text = value.trim();
  return text === '' && s.none ? null : text;
}

export function settingsOf(settings: readonly Setting[], draft: Draft): Settings {
  return Object.fromEntries(settings.filter((s) => !s.write_only || draft[s.name] !== '')
    .map((s) => [s.name, valueOf(s, draft[s.name])]));
}

/** Of an object that exists only what was changed is sent, and never its key. */
export function patchOf(info: KindInfo, base: Draft, mine: Draft): Settings {
  return settingsOf(changed(info, base, mine).filter((s) => !s.key), mine);
}

export interface Merge {
  /** Mine with what only they changed; what both changed is mine until answered. */
  merged: Draft;
  /** Only they changed it. */
  taken: Setting[];
  /** Both changed it, to different values. */
  asked: Setting[];
}

/** Somebody else changed the same object: what only one side changed needs no question. */
export function merge(info: KindInfo, base: Draft, mine: Draft, theirs: Draft): Merge {
  const merged = { ...mine };
  const taken: Setting[] = [];
  const asked: Setting[] = [];
  for (const s of info.settings) {
    if (s.key || s.write_only || same(s, base, theirs)) continue;
    if (same(s, base, mine)) {
      merged[s.name] = theirs[s.name]!;
      taken.push(s);
    } else if (!same(s, mine, theirs)) {
      asked.push(s);
    }
  }
  return { merged, taken, asked };
}

export function resolve(m: Merge, theirs: Draft, choices: Readonly<Record<string, 'mine' | 'theirs'>>): Draft {
  const out = { ...m.merged };
  for (const s of m.asked) if (choices[s.name] === 'theirs') out[s.name] = theirs[s.name]!;
  return out;
}

/** Sections of a form by the names of settings; what no section names comes into the last. */
export interface Section {
  key: string;
  names: readonly string[];
}

export function inSections(info: KindInfo, sections: readonly Section[]): { key: string; settings: Setting[] }[] {
  const named = new Set(sections.flatMap((s) => s.names));
  const rest = info.settings.filter((s) => !named.has(s.name));
  return sections.map((section, i) => ({
    key: section.key,
    settings: [
      ...section.names.flatMap((n) => info.settings.filter((s) => s.name === n)),
      ...(i === sections.length - 1 ? rest : []),
    ],
  })).filter((s) => s.settings.length > 0);
}
