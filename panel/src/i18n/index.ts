/**
 * i18next with the chosen language only. The languages' texts are in ../locales, a folder each with
 * one file a part of the panel, and an index that puts them together.
 */
import i18next, { type Resource } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { chosenLanguage, pseudo, rememberLanguage } from './languages';

type Texts = { default: Record<string, unknown> };

const loaders: Record<string, () => Promise<Texts>> = {
  en: () => import('../locales/en'),
  'zh-TW': () => import('../locales/zh-TW'),
  de: () => import('../locales/de'),
  fr: () => import('../locales/fr'),
  es: () => import('../locales/es'),
  ja: () => import('../locales/ja'),
};

/** These have every key; the others are filled up with English. */
const complete = new Set(['en', 'zh-TW']);

async function load(tag: string): Promise<Record<string, unknown>> {
  if (tag === pseudo) {
    const [{ default: en }, { pseudoOf }] = await Promise.all([loaders.en!(), import('./pseudo')]);
    return pseudoOf(en as never);
  }
  return (await loaders[tag]!()).default;
}

async function add(tag: string) {
  if (!i18next.hasResourceBundle(tag, 'translation'))
    i18next.addResourceBundle(tag, 'translation', await load(tag));
  if (!complete.has(tag) && tag !== pseudo) await add('en');
}

function show(tag: string) {
  document.documentElement.lang = tag === pseudo ? 'en' : tag;
}

export async function startI18n(tag = chosenLanguage()) {
  const resources: Resource = {};
  await i18next.use(initReactI18next).init({
    lng: tag,
    fallbackLng: 'en',
    resources,
    interpolation: { escapeValue: false },
    returnNull: false,
    showSupportNotice: false,
    react: { useSuspense: false },
  });
  await add(tag);
  await i18next.changeLanguage(tag);
  show(tag);
}

export async function changeLanguage(tag: string) {
  await add(tag);
  await i18next.changeLanguage(tag);
  rememberLanguage(tag);
  show(tag);
}

/** The tag for Intl: dates and numbers. */
export const locale = () => (i18next.language === pseudo ? 'en' : i18next.language || 'en');
