/** One's own account: password and second factor. */
import { Button, Field, Input, Subtitle1 } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { useSession } from '../../session';
import { ChangePassword } from '../../session/Password';
import { EnrolTotp } from '../../session/Totp';
import { ErrorPanel, Form, Page, useNotify } from '../../ui';

function RemoveTotp() {
  const { t } = useTranslation();
  const notify = useNotify();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  async function remove() {
    setError(null);
    try {
      await api.del('/session/totp', { body: { password } });
      setPassword('');
      notify(t('totp.removed'));
    } catch (e) {
      setError(e);
    }
  }
  return (
    <Form onSubmit={() => void remove()} problem={error} aria-label={t('totp.remove')}>
      {error ? <ErrorPanel error={error} /> : null}
      <Field label={t('password.current')} required>
        <Input type="password" autoComplete="current-password" value={password} onChange={(_, d) => setPassword(d.value)} />
      </Field>
      <div><Button type="submit" disabled={!password}>{t('totp.remove')}</Button></div>
    </Form>
  );
}

export default function Account() {
  const { t } = useTranslation();
  const notify = useNotify();
  const { display, name, roles, source } = useSession();
  const [enrolling, setEnrolling] = useState(false);
  return (
    <Page title={t('user.account')} intro={t('user.are', { name: display || name, roles: roles.join(', ') })}>
      {source === 'password' ? (
        <>
          <Subtitle1 as="h2">{t('password.title')}</Subtitle1>
          <ChangePassword onDone={() => notify(t('password.changed'))} />
          <Subtitle1 as="h2">{t('totp.title')}</Subtitle1>
          {enrolling ? (
            <EnrolTotp onDone={() => { setEnrolling(false); notify(t('totp.done')); }} />
          ) : <div><Button onClick={() => setEnrolling(true)}>{t('totp.begin')}</Button></div>}
          <RemoveTotp />
        </>
      ) : <p>{t(`user.source.${source}`)}</p>}
    </Page>
  );
}
