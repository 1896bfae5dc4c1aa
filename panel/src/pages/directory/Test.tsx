/** A test of the directory: its steps as they arrive, and what would become of somebody who signs in. */
import { Button, Input, MessageBar, MessageBarBody, Subtitle1, Text, makeStyles, tokens } from '@fluentui/react-components';
import i18next from 'i18next';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { ErrorPanel, Form, FormField, Icon, StateBadge, type Tone } from '../../ui';
import { roleName } from '../administrators/roleName';
import type { Step } from './model';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  steps: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL, overflowWrap: 'anywhere' },
});

const tones: Record<NonNullable<Step['result']>, Tone> = { pass: 'good', warn: 'warn', fail: 'bad', skipped: 'quiet' };

function word(group: string, value: string): string {
  const key = `${group}.${value}`;
  return i18next.exists(key) ? i18next.t(key) : value;
}

function Result({ end }: { end: Step }) {
  const { t } = useTranslation();
  const good = end.reason === 'ok';
  return (
    <MessageBar intent={good ? 'success' : 'warning'} layout="multiline">
      <MessageBarBody>
        {word('directory.reason', end.reason ?? '')}{' '}
        {end.dn ? <div>{end.dn}</div> : null}
        {end.roles && end.roles.length > 0
          ? <div>{t('directory.testRoles', { roles: end.roles.map(roleName).join(', ') })}</div> : null}
      </MessageBarBody>
    </MessageBar>
  );
}

export function Test() {
  const { t } = useTranslation();
  const styles = useStyles();
  const [name, setName] = useState('');
  const [steps, setSteps] = useState<Step[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);

  async function run() {
    const own = new AbortController();
    stop.current = own;
    setSteps([]);
    setError(null);
    setBusy(true);
    try {
      for await (const step of api.lines<Step>('POST', '/directory/test', { body: { name: name.trim() }, signal: own.signal })) {
        setSteps((before) => [...before, step]);
      }
    } catch (e) {
      if (!own.signal.aborted) setError(e);
    } finally {
      setBusy(false);
    }
  }

  const end = steps.find((s) => s.end);
  return (
    <section className={styles.part} aria-labelledby="test-title">
      <Subtitle1 as="h2" id="test-title">{t('directory.test')}</Subtitle1>
      <Text>{t('directory.testText')}</Text>
      <Form onSubmit={() => void run()} problem={error}>
        <FormField name="name" problem={error} label={t('directory.testName')} hint={t('directory.testNameHint')}>
          <Input value={name} autoComplete="off" onChange={(_, d) => setName(d.value)} />
        </FormField>
        <div>
          {busy ? <Button onClick={() => stop.current?.abort()}>{t('action.cancel')}</Button>
            : <Button type="submit" icon={<Icon name="play" />}>{t('directory.testRun')}</Button>}
        </div>
      </Form>
      {error ? <ErrorPanel error={error} /> : null}
      <div role="log" aria-label={t('directory.test')}>
        <ol className={styles.steps}>
          {steps.filter((s) => s.step).map((s, i) => (
            <li key={i} data-step={s.step}>
              <StateBadge tone={tones[s.result ?? 'skipped']} text={word('directory.step', s.step!)} />{' '}
              {s.evidence ? <span>{s.evidence}</span> : null}
              {s.remedy && s.result !== 'pass' ? <div lang="en">{s.remedy}</div> : null}
            </li>
          ))}
        </ol>
        {end ? <Result end={end} /> : null}
      </div>
    </section>
  );
}
