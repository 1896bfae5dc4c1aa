/** Warns before a session ends for want of activity, and lets it go on. */
import { Button, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEvents } from '../api/events';
import { somebodyIsHere } from '../api/activity';
import { api } from '../api/client';
import type { Session } from '../api/types';
import { useSession } from './session';
import { sessions } from './store';

/** Reads the session as somebody's own doing, which lets it live on. */
const stay = () => api.get<Session>('/session', { background: false }).then(() => sessions.refresh());

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
      // Who types into a form asks nothing of the service, and is here all the same.
      if (idle && left > 0 && left <= warnBefore && somebodyIsHere()) void stay().catch(() => undefined);
      else if (left <= 0 || (left <= warnBefore && until > warnBefore)) void sessions.refresh().catch(() => undefined);
    }, Math.max(wait, 250));
    return () => clearTimeout(timer);
  }, [end, idle, now]);

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
          <Button onClick={() => void stay()}>{t('expiry.stay')}</Button>
        </MessageBarActions>
      ) : null}
    </MessageBar>
  );
}
