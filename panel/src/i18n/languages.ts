/** The panel's languages; `reviewed` by somebody who reads them. */
export interface Language {
  tag: string;
  name: string;
  reviewed: boolean;
}

export const languages: readonly Language[] = [
  { tag: 'en', name: 'English', reviewed: true },
  { tag: 'zh-TW', name: '繁體中文', reviewed: true },
  { tag: 'de', name: 'Deutsch', reviewed: false },
  { tag: 'fr', name: 'Français', reviewed: false },
  { tag: 'es', name: 'Español', reviewed: false },
  { tag: 'ja', name: '日本語', reviewed: false },
];

/** For tests: English, longer and with accents, so that what is cut or not translated shows. */
export const pseudo = 'en-XA';

const stored = 'entente.language';

function matching(wanted: string): string | undefined {
  const lower = wanted.toLowerCase();
  if (lower === pseudo.toLowerCase()) return pseudo;
  if (/^zh-(tw|hk|mo|hant)/.test(lower)) return 'zh-TW';
  return languages.find((l) => l.tag.toLowerCase() === lower || l.tag === lower.split('-')[0])?.tag;
}

/** What was chosen here, else the browser's first that there is, else English. */
export function chosenLanguage(): string {
  let own: string | null = null;
  try {
    own = localStorage.getItem(stored);
  } catch {
    // Not allowed to keep anything: the browser's languages have to do.
  }
  const wishes = [own, ...(typeof navigator === 'undefined' ? [] : navigator.languages)];
  for (const wish of wishes) {
    const tag = wish ? matching(wish) : undefined;
    if (tag) return tag;
  }
  return 'en';
}

export function rememberLanguage(tag: string) {
  try {
    localStorage.setItem(stored, tag);
  } catch {
    // It holds for this page.
  }
}
