/** Connectivity tests, of a partner or of anything else: the steps as they arrive, and a way to stop it. */
import { Button, Field, MessageBar, MessageBarBody, Select, Spinner, Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import i18next from 'i18next';
import { api } from '../../api/client';
import { areas, useList } from '../../api/queries';
import type { LocalDomain, TestEnd, TestLine, TestStep } from '../../api/types';
import { useSession } from '../../session';
import { ErrorPanel, StateBadge, type Tone } from '../../ui';

const tones: Record<string, Tone> = { pass: 'good', warn: 'warn', fail: 'bad', skipped: 'quiet' };

const useStyles = makeStyles({
  box: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  bar: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, alignItems: 'end' },
  steps: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalXS },
  step: { display: 'grid', gridTemplateColumns: 'minmax(9rem, 14rem) minmax(0, 1fr)', gap: tokens.spacingHorizontalM,
    padding: '4px 0', borderBottom: `1px solid ${tokens.colorNeutralStroke2}`, overflowWrap: 'anywhere',
    '@media (max-width: 640px)': { gridTemplateColumns: 'minmax(0, 1fr)' } },
  quiet: { color: tokens.colorNeutralForeground2 },
});

/** The daemon's words, unless there are some in the reader's language. */
function inWords(prefix: string, code: string, own: string): { text: string; lang?: string } {
  const key = `${prefix}.${code}`;
  if (i18next.exists(key)) return { text: i18next.t(key, { remedy: own }) };
  return { text: own, lang: 'en' };
}

const isStep = (line: TestLine): line is TestStep => 'step' in line;
const isEnd = (line: TestLine): line is TestEnd => 'end' in line;

export function Steps({ lines }: { lines: readonly TestLine[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <ol className={styles.steps} aria-label={t('partners.test.steps')}>
      {lines.filter(isStep).map((line, i) => {
        const remedy = inWords('partners.remedy', line.code, line.remedy);
        return (
          <li key={i} className={styles.step} data-step={line.step} data-result={line.result} data-code={line.code}>
            <span>
              <StateBadge tone={tones[line.result]!}
                text={inWords('partners.step', line.step, line.step).text}
                title={t(`partners.test.result.${line.result}`)} />
              <span className="visually-hidden">{t(`partners.test.result.${line.result}`)}</span>
            </span>
            <span>
              {line.evidence ? <span lang="en">{line.evidence}</span> : null}
              {line.remedy ? <div lang={remedy.lang}>{remedy.text}</div> : null}
              <div className={styles.quiet}>{t('partners.test.ms', { ms: line.ms })}</div>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** Any test that the service makes: what to test is the body; children: what may be chosen before. */
export function TestRun({ body, id, children }: { body: Record<string, string>; id: string; children?: ReactNode }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [lines, setLines] = useState<TestLine[] | null>(null);
  const [running, setRunning] = useState<AbortController | null>(null);
  const [stopped, setStopped] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef<AbortController | null>(null);
  latest.current = running;
  useEffect(() => () => latest.current?.abort(), []);

  async function run() {
    const abort = new AbortController();
    setRunning(abort);
    setLines([]);
    setError(null);
    setStopped(false);
    try {
      for await (const line of api.lines<TestLine>('POST', '/tests', { body, signal: abort.signal }))
        setLines((before) => [...(before ?? []), line]);
    } catch (e) {
      if (abort.signal.aborted) setStopped(true);
      else setError(e);
    } finally {
      setRunning(null);
    }
  }
  const end = lines?.find(isEnd);
  const result = end?.result;
  return (
    <section className={styles.box} aria-labelledby={id} aria-busy={running !== null}>
      <Subtitle1 as="h2" id={id}>{t('partners.test.title')}</Subtitle1>
      <div className={styles.bar}>
        {children}
        {running ? (
          <>
            <Button onClick={() => running.abort()}>{t('action.cancel')}</Button>
            <Spinner size="tiny" label={t('partners.test.running')} />
          </>
        ) : <Button onClick={() => void run()}>{t('partners.test.run')}</Button>}
      </div>
      {error ? <ErrorPanel error={error} /> : null}
      {lines && lines.length > 0 ? <Steps lines={lines} /> : null}
      <div role="status">
        {stopped ? <MessageBar intent="info"><MessageBarBody>{t('partners.test.stopped')}</MessageBarBody></MessageBar> : null}
        {end && result ? (
          <MessageBar layout="multiline" data-end={result}
            intent={result === 'fail' ? 'error' : result === 'warn' ? 'warning' : 'success'}>
            <MessageBarBody>
              {t(`partners.test.end.${result}`)}{' '}
              {t('partners.test.counts', { pass: end.pass, warn: end.warn, fail: end.fail, skipped: end.skipped })}
            </MessageBarBody>
          </MessageBar>
        ) : null}
      </div>
    </section>
  );
}

export function Test({ domain }: { domain: string }) {
  const { t } = useTranslation();
  const { has } = useSession();
  const domains = useList<LocalDomain>(areas.config, '/domains', { enabled: has('domain.read') });
  const [local, setLocal] = useState('');
  return (
    <TestRun id="partner-test" body={{ partner: domain, ...(local && { local }) }}>
      {domains.data && domains.data.items.length > 1 ? (
        <Field label={t('partners.test.local')}>
          <Select value={local} onChange={(_, d) => setLocal(d.value)}>
            <option value="">{t('partners.test.first')}</option>
            {domains.data.items.map((d) => <option key={d.domain} value={d.domain}>{d.domain_unicode}</option>)}
          </Select>
        </Field>
      ) : null}
    </TestRun>
  );
}
