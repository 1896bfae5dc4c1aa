import { Button, Input, Field } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { ErrorPanel } from '../ui/ErrorPanel';
import { Form, FormField, isFieldError } from '../ui/form';

/** A new password of one's own. */
export function ChangePassword({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const differ = again !== '' && fresh !== again;

  async function submit() {
    if (!current || !fresh || fresh !== again || busy) return;
    setBusy(true);
    setError(null);
    try {
      await api.post('/session/password', { body: { current, new: fresh } });
      setCurrent('');
      setFresh('');
      setAgain('');
      onDone();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form onSubmit={() => void submit()} problem={error} aria-label={t('password.title')}>
      {error && !isFieldError(error, ['current', 'new']) ? <ErrorPanel error={error} /> : null}
      <FormField name="current" problem={error} label={t('password.current')} required>
        <Input type="password" autoComplete="current-password" value={current} onChange={(_, d) => setCurrent(d.value)} />
      </FormField>
      <FormField name="new" problem={error} label={t('signIn.newPassword')} hint={t('signIn.newPasswordHint')} required>
        <Input type="password" autoComplete="new-password" value={fresh} onChange={(_, d) => setFresh(d.value)} />
      </FormField>
      <Field label={t('signIn.again')} required validationState={differ ? 'error' : 'none'}
        validationMessage={differ ? t('signIn.differ') : undefined}>
        <Input type="password" autoComplete="new-password" value={again} onChange={(_, d) => setAgain(d.value)} />
      </Field>
      <div><Button type="submit" appearance="primary" disabled={busy}>{t('password.change')}</Button></div>
    </Form>
  );
}
