import { useTranslation } from 'react-i18next';
import { locale } from '../i18n';

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1],
];

export function relative(value: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(value) - now) / 1000);
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? units[3]!;
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

export const absolute = (value: string) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(value));

/** A time in the reader's own zone and language; `short`: how long ago, with the time as its title. */
export function Time({ value, short = false, never }: { value: string | null | undefined; short?: boolean; never?: string }) {
  const { t } = useTranslation();
  if (!value) return <>{never ?? t('common.never')}</>;
  return <time dateTime={value} title={absolute(value)}>{short ? relative(value) : absolute(value)}</time>;
}
