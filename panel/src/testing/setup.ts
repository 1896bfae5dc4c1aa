import { afterEach } from 'vitest';
import { cleanup } from '@testing-library/react';

window.matchMedia ??= ((query: string) => ({
  matches: false, media: query, onchange: null, addEventListener: () => undefined, removeEventListener: () => undefined,
  addListener: () => undefined, removeListener: () => undefined, dispatchEvent: () => false,
})) as typeof window.matchMedia;

afterEach(() => {
  cleanup();
  sessionStorage.clear();
  localStorage.clear();
});
