/**
 * Light, dark and high contrast: what the system asks for, or what was chosen here.
 *
 * Styles are inserted through the CSSOM into style elements that carry the page's nonce, so that
 * the content security policy needs no unsafe-inline.
 */
import {
  FluentProvider, RendererProvider, createDOMRenderer, teamsHighContrastTheme, webDarkTheme, webLightTheme,
  type Theme,
} from '@fluentui/react-components';
import { createContext, useContext, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';

export type Choice = 'system' | 'light' | 'dark' | 'contrast';
export const choices: readonly Choice[] = ['system', 'light', 'dark', 'contrast'];

const stored = 'entente.theme';
const themes: Record<Exclude<Choice, 'system'>, Theme> = {
  light: webLightTheme,
  dark: webDarkTheme,
  contrast: teamsHighContrastTheme,
};

function useMedia(query: string): boolean {
  const list = useMemo(() => window.matchMedia?.(query), [query]);
  return useSyncExternalStore(
    (tell) => {
      list?.addEventListener('change', tell);
      return () => list?.removeEventListener('change', tell);
    },
    () => list?.matches ?? false,
  );
}

function kept(): Choice {
  try {
    const value = localStorage.getItem(stored) as Choice;
    return choices.includes(value) ? value : 'system';
  } catch {
    return 'system';
  }
}

interface Setting {
  choice: Choice;
  choose(choice: Choice): void;
  /** What is shown. */
  shown: Exclude<Choice, 'system'>;
}

const Context = createContext<Setting>({ choice: 'system', choose: () => undefined, shown: 'light' });

export const useThemeChoice = () => useContext(Context);

export function nonce(): string | undefined {
  const value = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
  return value && value !== '__NONCE__' ? value : undefined;
}

export function Themed({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState(kept);
  const dark = useMedia('(prefers-color-scheme: dark)');
  const contrast = useMedia('(prefers-contrast: more)');
  const forced = useMedia('(forced-colors: active)');
  const renderer = useMemo(
    () => createDOMRenderer(document, { styleElementAttributes: nonce() ? { nonce: nonce()! } : {} }), []);
  // With forced colours the system paints over ours: the theme that is nearest to it.
  const wanted = contrast || forced ? 'contrast' : dark ? 'dark' : 'light';
  const shown = choice === 'system' ? wanted : choice;
  const setting = useMemo<Setting>(() => ({
    choice,
    shown,
    choose(next) {
      setChoice(next);
      try {
        localStorage.setItem(stored, next);
      } catch {
        // It holds for this page.
      }
    },
  }), [choice, shown]);

  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={themes[shown]} data-theme={shown}>
        <Context.Provider value={setting}>{children}</Context.Provider>
      </FluentProvider>
    </RendererProvider>
  );
}
