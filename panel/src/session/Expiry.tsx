/** Warns before a session ends for want of activity, and lets it go on. */
import { Button, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEvents } from '../api/events';
import { api } from '../api/client';
import type { Session } from '../api/types';
import { useSession } from './session';
import { sessions } from './store';

/** It is said so long before the end. */
const warnBefore = 120_000;

export function Expiry() {
  const { t } = useTranslation();
  const { idle_expires, expires } = useSession();
  const [now, setNow] = useState(Date.now);
  // Rights, the end, or body logging are others now: the session says what is so.
  useEvents(['session', 'body-logging'], () => void sessions.refresh().catch(() => undefined));
  const ends = [idle_expires, expires].flatMap((v) => (v ? [Date.parse(v)] : []));
  const end = ends.length ? Math.min(...ends) : null;
  const idle = end !== null && idle_expires !== null && Date.parse(idle_expires) === end;

  useEffect(() => {
    if (end === null) return;
    const until = end - Date.now();
    const wait = until > warnBefore ? Math.min(until - warnBefore, 60_000) : 1000;
    const timer = setTimeout(() => {
      setNow(Date.now());
      // Activity in between has moved the end: ask before warning, and when it is over.
      const left = end - Date.now();
      if (left <= 0 || (left <= warnBefore && until > warnBefore)) void sessions.refresh().catch(() => undefined);
    }, Math.max(wait, 250));
    return () => clearTimeout(timer);
  }, [end, now]);

  const left = end === null ? Infinity : end - now;
  if (left > warnBefore || left <= 0) return null;
  const seconds = Math.ceil(left / 1000);
  return (
    <MessageBar intent="warning" layout="multiline" role="alert">
      <MessageBarBody>
        {t(idle ? 'expiry.idle' : 'expiry.absolute')} <span aria-hidden="true">{t('expiry.left', { count: seconds })}</span>
      </MessageBarBody>
      {idle ? (
        <MessageBarActions>
          <Button onClick={() => void api.get<Session>('/session').then(() => sessions.refresh())}>{t('expiry.stay')}</Button>
        </MessageBarActions>
      ) : null}
    </MessageBar>
  );
}
