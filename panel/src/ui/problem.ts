import i18next from 'i18next';
import { isProblem } from '../api/problem';

/**
 * What went wrong, for a person: by the stable code in his language where there is a text for it,
 * else in the service's own words.
 */
export function problemText(error: unknown): string {
  if (!isProblem(error)) return i18next.t('problem.unexpected', { text: String((error as Error)?.message ?? error) });
  const own = `problem.${error.code}`;
  if (i18next.exists(own)) return i18next.t(own, { detail: error.detail, seconds: error.retryAfter ?? 0 });
  return error.detail || i18next.t('problem.http', { status: error.status });
}

/** The service's own words, when problemText shows others. */
export function problemDetail(error: unknown): string | null {
  if (!isProblem(error) || !error.detail) return null;
  return problemText(error).includes(error.detail) ? null : error.detail;
}
