import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { daemon } from './dev/daemon';

export default defineConfig(({ command }) => ({
  plugins: [
    react(),
    ...(command === 'serve' && !process.env.VITEST
      ? [daemon(process.env.ENTENTE_SOCKET ?? '/run/entente/admin.sock')]
      : []),
  ],
  server: { host: '127.0.0.1', port: Number(process.env.PORT ?? 5173) },
  build: {
    target: 'es2022',
    manifest: true,
    sourcemap: false,
    // Everything is a file of its own: a data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
    // Accessible names are slow to work out in jsdom, and this machine may be busy.
    testTimeout: 60_000,
  },
}));
