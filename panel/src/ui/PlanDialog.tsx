/** What a change would do, before it is done: differences, warnings, streams that close. */
import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, MessageBar,
  MessageBarBody, Spinner, Subtitle2, makeStyles, tokens,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import i18next from 'i18next';
import type { Plan, PlannedChange, Warning } from '../api/types';
import { ErrorPanel } from './ErrorPanel';
import { Modal } from './Modal';

const useStyles = makeStyles({
  surface: { maxWidth: '48rem' },
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM,
    // It scrolls: nothing in it gets lower than its text.
    '& > *': { flexShrink: 0 } },
  table: { width: '100%', borderCollapse: 'collapse',
    '& th, & td': { textAlign: 'start', padding: '4px 8px', overflowWrap: 'anywhere',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}` } },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalXL },
});

/** A setting's name as the panel shows it. */
export function settingName(kind: string, name: string): string {
  for (const key of [`setting.${kind}.${name}`, `setting.${name}`]) if (i18next.exists(key)) return i18next.t(key);
  return name;
}

export function settingValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (value === true || value === 'true') return i18next.t('common.yes');
  if (value === false || value === 'false') return i18next.t('common.no');
  if (Array.isArray(value)) return value.length ? value.map(String).join(', ') : '–';
  const key = `value.${String(value)}`;
  return /^[A-Za-z-]+$/.test(String(value)) && i18next.exists(key) ? i18next.t(key) : String(value);
}

export function warningText(warning: Pick<Warning, 'code' | 'text'>): string {
  const key = `warning.${warning.code}`;
  return i18next.exists(key) ? i18next.t(key, { text: warning.text }) : warning.text;
}

/** A plan that closes nothing and warns of nothing is committed without being shown. */
export const isHarmless = (plan: Plan) => plan.warnings.length === 0 && (plan.streams ?? []).length === 0;

export function Differences({ change }: { change: PlannedChange }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const kind = i18next.exists(`kind.${change.kind}`) ? t(`kind.${change.kind}`) : change.kind;
  return (
    <section>
      <Subtitle2 as="h3" block>{t(`plan.verb.${change.verb}`, { kind, key: change.key })}</Subtitle2>
      {change.fields.length > 0 ? (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('plan.setting')}</th>
              <th scope="col">{t('plan.before')}</th>
              <th scope="col">{t('plan.after')}</th>
            </tr>
          </thead>
          <tbody>
            {change.fields.map((f) => (
              <tr key={f.name}>
                <th scope="row">{settingName(change.kind, f.name)}</th>
                <td>{settingValue(f.before)}</td>
                <td>{settingValue(f.after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}

export function PlanDialog({ plan, title, busy = false, error, commitLabel, onCommit, onCancel, children }: {
  /** None: it is closed. */
  plan: Plan | null;
  title?: string;
  busy?: boolean;
  error?: unknown;
  commitLabel?: string;
  onCommit(): void;
  onCancel(): void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const streams = plan?.streams ?? [];
  return (
    <Modal open={plan !== null} modalType="modal" onOpenChange={(_, data) => !data.open && !busy && onCancel()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{title ?? t('plan.title')}</DialogTitle>
          <DialogContent className={styles.content} tabIndex={0} role="region" aria-label={title ?? t('plan.title')}>
            {error ? <ErrorPanel error={error} /> : null}
            {plan?.warnings.map((w, i) => (
              <MessageBar key={i} intent="warning" layout="multiline">
                <MessageBarBody>{warningText(w)}</MessageBarBody>
              </MessageBar>
            ))}
            {streams.length > 0 ? (
              <MessageBar intent="warning" layout="multiline">
                <MessageBarBody>
                  {t('plan.closes', { count: streams.length })}
                  <ul className={styles.list}>
                    {streams.slice(0, 20).map((s) => (
                      <li key={`${s.id}${s.local}${s.remote}`}>
                        {t(`plan.stream.${s.dir}`, { local: s.local, remote: s.remote, id: s.id })}
                      </li>
                    ))}
                  </ul>
                  {streams.length > 20 ? t('plan.more', { count: streams.length - 20 }) : null}
                </MessageBarBody>
              </MessageBar>
            ) : null}
            {plan && plan.changes.length === 0 ? t('plan.nothing') : null}
            {plan?.changes.slice(0, 50).map((c) => <Differences key={`${c.kind} ${c.key}`} change={c} />)}
            {plan && plan.changes.length > 50 ? t('plan.more', { count: plan.changes.length - 50 }) : null}
            {children}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" disabled={busy} icon={busy ? <Spinner size="tiny" /> : undefined}
              title={t('action.commitHint')} onClick={onCommit}>{commitLabel ?? t('action.commit')}</Button>
            <Button disabled={busy} onClick={onCancel}>{t('action.cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Modal>
  );
}
