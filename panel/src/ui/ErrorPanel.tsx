import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { problemDetail, problemText } from './problem';

/** What did not work and, if it can be tried again, how. children: ways out. */
export function ErrorPanel({ error, title, retry, children }:
  { error: unknown; title?: string; retry?: () => void; children?: ReactNode }) {
  const { t } = useTranslation();
  const detail = problemDetail(error);
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        {title ? <MessageBarTitle>{title}</MessageBarTitle> : null}
        {problemText(error)}
        {detail ? <div lang="en">{detail}</div> : null}
        {children}
      </MessageBarBody>
      {retry ? <MessageBarActions><Button onClick={retry}>{t('action.retry')}</Button></MessageBarActions> : null}
    </MessageBar>
  );
}
