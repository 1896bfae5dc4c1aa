/** `npm run browser`: ../tests/browser, with the packages of the panel. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('../tests/browser'),
  cacheDir: at('node_modules/.vite-browser'),
  resolve: {
    alias: {
      vitest: at('node_modules/vitest/dist/index.js'),
      'playwright-core': at('node_modules/playwright-core/index.mjs'),
      'axe-core': at('node_modules/axe-core'),
    },
  },
  server: { fs: { strict: false } },
  test: {
    environment: 'node',
    include: ['*.test.ts'],
    // Each file has an Entente and a browser of its own, and waits more than it works.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
