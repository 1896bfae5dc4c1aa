/** The words of the panel for what the service has: every setting of the forms, every right. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../locales/en/pages.json';

const openapi = readFileSync(join(__dirname, '../../../docs/openapi.yaml'), 'utf8');

/** The settings of a kind: the members of what it is made or changed with. */
function settingsIn(schema: string): string[] {
  const part = openapi.split(new RegExp(`^    ${schema}:$`, 'm'))[1]!.split(/^    \w+:$/m)[0]!;
  return [...part.matchAll(/^        (\w+): \{/gm)].map((m) => m[1]!);
}

describe('words for settings', () => {
  it.each([['NewRoute', 'route'], ['NewDomain', 'domain'], ['GatewaySettings', 'gateway'], ['AccessSettings', 'access']] as const)(
    '%s: name and help', (schema, kind) => {
      const names = settingsIn(schema);
      expect(names.length).toBeGreaterThan(0);
      expect(Object.keys(en.setting[kind]).sort()).toEqual([...names].sort());
      expect(Object.keys(en.help[kind]).sort()).toEqual([...names].sort());
    });

  it.each([['NewPolicy', 'policy'], ['NewGrant', 'grant']] as const)('%s: name', (schema, kind) => {
    expect(Object.keys(en.setting[kind]).sort()).toEqual(settingsIn(schema).sort());
  });
});

describe('words for rights', () => {
  it('are there for every right of a route', () => {
    const rights = new Set([...openapi.matchAll(/x-right: ([a-z]+\.[a-z]+)/g)].map((m) => m[1]!.replace('.', '_')));
    expect(rights.size).toBeGreaterThan(20);
    expect([...rights].filter((r) => !(r in en.right))).toEqual([]);
    expect([...rights].filter((r) => !(r.split('_')[0]! in en.rights))).toEqual([]);
  });
});
