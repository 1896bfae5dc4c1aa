/**
 * Name and password; then, as the daemon asks, the code of the second factor, or a new password in
 * place of the one-time one.
 */
import { Button, Field, Input, Spinner } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '../api/problem';
import { ErrorPanel } from '../ui/ErrorPanel';
import { Form } from '../ui/form';
import { sessions } from './store';

type Step = 'password' | 'code' | 'new';

/** Seconds until it may be tried again, counted down. */
function useWait() {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, setLeft] as const;
}

export function SignInForm({ name: fixed }: { name?: string }) {
  const { t } = useTranslation();
  const [step, setStep] = useState<Step>('password');
  const [name, setName] = useState(fixed ?? '');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useWait();
  const differ = step === 'new' && again !== '' && fresh !== again;

  async function submit() {
    if (busy || wait > 0 || !name || !password) return;
    if (step === 'new' && (!fresh || fresh !== again)) return;
    setBusy(true);
    setError(null);
    try {
      await sessions.signIn({
        name, password, ...(code ? { code } : {}), ...(step === 'new' ? { new_password: fresh } : {}),
      });
    } catch (e) {
      if (isProblem(e) && e.code === 'totp_required') setStep('code');
      else if (isProblem(e) && e.code === 'password_must_change') setStep('new');
      else {
        if (isProblem(e) && e.code === 'totp_bad') setCode('');
        if (isProblem(e) && e.code === 'bad_credentials') {
          setStep('password');
          setPassword('');
          setCode('');
        }
        if (isProblem(e) && e.retryAfter) setWait(e.retryAfter);
        setError(e);
      }
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form onSubmit={() => void submit()} problem={error} aria-label={t('signIn.title')}>
      {error ? <ErrorPanel error={error} /> : null}
      {step === 'password' ? (
        <>
          <Field label={t('signIn.name')} required>
            <Input name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus={!fixed}
              readOnly={fixed !== undefined} value={name} onChange={(_, d) => setName(d.value)} />
          </Field>
          <Field label={t('signIn.password')} required>
            <Input name="password" type="password" autoComplete="current-password" autoFocus={fixed !== undefined}
              value={password} onChange={(_, d) => setPassword(d.value)} />
          </Field>
        </>
      ) : null}
      {step === 'code' ? (
        <Field label={t('signIn.code')} hint={t('signIn.codeHint')} required>
          <Input name="code" autoComplete="one-time-code" autoFocus spellCheck={false} value={code}
            onChange={(_, d) => setCode(d.value)} />
        </Field>
      ) : null}
      {step === 'new' ? (
        <>
          <p>{t('signIn.mustChange')}</p>
          <Field label={t('signIn.newPassword')} hint={t('signIn.newPasswordHint')} required>
            <Input name="new-password" type="password" autoComplete="new-password" autoFocus value={fresh}
              onChange={(_, d) => setFresh(d.value)} />
          </Field>
          <Field label={t('signIn.again')} required validationState={differ ? 'error' : 'none'}
            validationMessage={differ ? t('signIn.differ') : undefined}>
            <Input name="new-password-again" type="password" autoComplete="new-password" value={again}
              onChange={(_, d) => setAgain(d.value)} />
          </Field>
        </>
      ) : null}
      <div>
        <Button type="submit" appearance="primary" disabled={busy || wait > 0}
          icon={busy ? <Spinner size="tiny" /> : undefined}>
          {wait > 0 ? t('signIn.wait', { count: wait }) : t('signIn.submit')}
        </Button>
      </div>
    </Form>
  );
}
