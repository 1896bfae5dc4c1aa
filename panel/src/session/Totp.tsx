/** The second factor: enrolling an authenticator, and the recovery codes it comes with. */
import { Button, Field, Input, Spinner, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import { api } from '../api/client';
import { Copy } from '../ui/Copy';
import { ErrorPanel } from '../ui/ErrorPanel';
import { Form } from '../ui/form';

const useStyles = makeStyles({
  box: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  // Readers of such pictures want dark on light, in every theme.
  qr: { width: '200px', maxWidth: '100%', backgroundColor: '#fff', forcedColorAdjust: 'none' },
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase400, overflowWrap: 'anywhere' },
  codes: { display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(9rem, 1fr))', gap: tokens.spacingHorizontalS,
    listStyleType: 'none', padding: 0, margin: 0 },
});

export function QrCode({ text, label }: { text: string; label: string }) {
  const styles = useStyles();
  const { size, data } = useMemo(() => encode(text, { border: 4 }), [text]);
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg className={styles.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} fill="#000" />
    </svg>
  );
}

export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.box}>
      <p>{t('totp.codesText')}</p>
      <ul className={styles.codes}>{codes.map((c) => <li key={c} className={styles.code}>{c}</li>)}</ul>
      <div><Copy text={codes.join('\n')} what={t('totp.codes')} /></div>
    </div>
  );
}

/** Enrols; `onDone` after the recovery codes have been seen. */
export function EnrolTotp({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    let here = true;
    api.post<{ secret: string; uri: string }>('/session/totp').then(
      ({ data }) => here && setBegun(data), (e) => here && setError(e));
    return () => { here = false; };
  }, []);

  async function confirm() {
    setBusy(true);
    setError(null);
    try {
      setCodes((await api.put<{ recovery_codes: string[] }>('/session/totp', { body: { code } })).data.recovery_codes);
    } catch (e) {
      setError(e);
      setCode('');
    } finally {
      setBusy(false);
    }
  }

  if (codes) {
    return (
      <div className={styles.box}>
        <RecoveryCodes codes={codes} />
        <div><Button appearance="primary" onClick={onDone}>{t('totp.kept')}</Button></div>
      </div>
    );
  }
  if (!begun) return error ? <ErrorPanel error={error} /> : <Spinner label={t('list.loading')} />;
  return (
    <Form onSubmit={() => void confirm()} problem={error} aria-label={t('totp.title')}>
      {error ? <ErrorPanel error={error} /> : null}
      <p>{t('totp.scan')}</p>
      <QrCode text={begun.uri} label={t('totp.qr')} />
      <p>{t('totp.secret')} <span className={styles.code}>{begun.secret}</span>{' '}
        <Copy text={begun.secret} what={t('totp.secretName')} /></p>
      <Field label={t('signIn.code')} required>
        <Input name="code" autoComplete="one-time-code" inputMode="numeric" value={code} onChange={(_, d) => setCode(d.value)} />
      </Field>
      <div><Button type="submit" appearance="primary" disabled={busy || !code}>{t('totp.confirm')}</Button></div>
    </Form>
  );
}
