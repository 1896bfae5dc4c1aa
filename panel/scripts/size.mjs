/**
 * What a browser reads before the first page can be seen: index.html, its scripts and styles, the
 * longest language, and the page that comes first. With gzip at most 260 kB.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const limit = 260_000;
const dist = process.argv[2] ?? 'dist';
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));
const sizeOf = (file) => gzipSync(readFileSync(join(dist, file)), { level: 6 }).length;

function filesOf(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return [];
  seen.add(key);
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((k) => filesOf(k, seen))];
}

const sum = (files) => [...files].reduce((n, f) => n + sizeOf(f), 0);
const first = new Set(['index.html', ...filesOf('index.html')]);
// The overview's chart is read after the page is there.
for (const file of filesOf('src/pages/overview/index.tsx')) first.add(file);
const languages = Object.keys(manifest).filter((k) => /^src\/locales\/[^/]+\/index\.ts$/.test(k));
const all = Math.max(...languages.map((k) => sum(new Set([...first, ...filesOf(k)]))));

for (const file of first) console.log(String(sizeOf(file)).padStart(8), file);
console.log(`first page: ${all} bytes with gzip, at most ${limit}`);
process.exit(all > limit ? 1 : 0);
