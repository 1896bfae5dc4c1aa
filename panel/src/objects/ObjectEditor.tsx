/** The form of one object of any kind: what is typed, its commit, conflicts, drafts that are kept. */
import { Button, MessageBar, MessageBarActions, MessageBarBody, Spinner, makeStyles, tokens } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api, isProblem, seg } from '../api/client';
import { changed as configChanged } from '../api/queries';
import type { Changed, Item as Wrapped } from '../api/types';
import { useDraft, useUnsaved } from '../session';
import { ErrorPanel, Form, isFieldError, useNotify } from '../ui';
import { ConflictDialog } from './ConflictDialog';
import { ObjectFields, type Choice } from './ObjectFields';
import type { Work } from './commit';
import type { KindInfo } from './kinds';
import { changed, draftOf, newDraft, patchOf, settingsOf, type Draft, type Item, type Section } from './model';
import { useCommit } from './useCommit';

interface Found extends Wrapped<Item> {
  generation: number;
}

/** Where an object is read and changed. */
export function pathOf(info: KindInfo, key: string | null): string {
  if (info.single || key === null) return `/${info.path}`;
  return `/${info.path}/${seg(key)}`;
}

async function readAgain(info: KindInfo, key: string): Promise<Found | null> {
  try {
    return (await api.get<Found>(pathOf(info, key))).data;
  } catch (e) {
    if (isProblem(e) && e.status === 404) return null;
    throw e;
  }
}

/** The change of an object that exists (base: what the form began with), or a new one. */
export function workOf(info: KindInfo, key: string | null, base: Draft, mine: Draft, query?: Record<string, string>): Work {
  if (key === null) {
    return {
      send: async ({ dryRun, generation }) => (await api.post<Changed>(pathOf(info, null),
        { body: settingsOf(info.settings, mine), dryRun, ifMatch: dryRun ? undefined : generation, query })).data,
    };
  }
  return {
    read: () => readAgain(info, key),
    unchanged: (item) => changed(info, base, draftOf(info, item)).every((s) => s.write_only),
    send: async ({ dryRun, generation }) => (await api.patch<Changed>(pathOf(info, key),
      { body: patchOf(info, base, mine), dryRun, ifMatch: generation, query })).data,
  };
}

export function removeWork(info: KindInfo, key: string): Work {
  return {
    read: () => readAgain(info, key),
    send: async ({ dryRun, generation }) =>
      (await api.del<Changed>(pathOf(info, key), { dryRun, ifMatch: generation })).data,
    alwaysShow: true,
  };
}

const useStyles = makeStyles({
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

/** Leaves when all is saved and the page knows that it is; the next page says so. */
function useLeaving(done: string | null, dirty: boolean, leave: ((key: string) => void) | undefined) {
  const { t } = useTranslation();
  const said = useRef('');
  const latest = useRef({ leave, notify: useNotify() });
  latest.current = { ...latest.current, leave };
  const text = done === null ? '' : t('objects.saved', { name: done });
  useEffect(() => {
    if (done === null || dirty) return;
    said.current = text;
    latest.current.leave?.(done);
  }, [done, dirty, text]);
  useEffect(() => () => {
    if (said.current) latest.current.notify(said.current);
  }, []);
}

interface Props {
  info: KindInfo;
  /** null: a new one. */
  itemKey: string | null;
  /** What is in force; absent for a new one. */
  item?: Item;
  sections: readonly Section[];
  readOnly?: boolean;
  choices?: Readonly<Record<string, readonly Choice[]>>;
  omit?: readonly string[];
  onSaved?(key: string): void;
  onCancel?(): void;
  /** Asked before a commit: a query to send with it; null: not now. */
  before?(base: Draft, mine: Draft): Promise<Record<string, string> | null>;
  /** Shown above the fields; can change the draft too. */
  children?: (draft: Draft, patch: (part: Draft) => void) => ReactNode;
}

export function ObjectEditor(props: Props) {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const queries = useQueryClient();
  const { info, itemKey: key } = props;
  const secrets = info.settings.filter((s) => s.write_only).map((s) => s.name);
  const fresh = props.item ? draftOf(info, props.item) : newDraft(info);
  const draft = useDraft<Draft>(`${info.kind}:${key ?? ''}`, fresh, secrets);
  const dirty = changed(info, draft.base, draft.value).length > 0;
  const [done, setDone] = useState<string | null>(null);
  const now = JSON.stringify(fresh);
  const { rebase } = draft;
  useUnsaved(dirty && !props.readOnly, draft.clear);
  useEffect(() => {
    // Nothing is typed: what is in force is what is shown, also when somebody else changes it.
    if (!dirty) rebase(JSON.parse(now) as Draft);
  }, [dirty, now, rebase]);
  const reset = () => rebase(fresh);
  useLeaving(done, dirty, props.onSaved);

  const commit = useCommit({
    onSaved: () => {
      const name = key ?? String(draft.value[info.settings[0]!.name]);
      const saved = { ...draft.value, ...Object.fromEntries(secrets.map((n) => [n, ''])) };
      if (key === null) draft.clear();
      else rebase(saved);
      void configChanged(queries);
      if (props.onSaved) setDone(name);
      else notify(info.single ? t('objects.savedSingle') : t('objects.saved', { name }));
    },
    onUnchanged: () => {
      reset();
      notify(t('objects.unchanged'));
    },
  });

  async function submit() {
    const query = props.before ? await props.before(draft.base, draft.value) : {};
    if (query) commit.run(workOf(info, key, draft.base, draft.value, query));
  }

  const names = info.settings.map((s) => s.name);
  const atField = isFieldError(commit.problem, names);
  return (
    <>
      {draft.restored && dirty ? (
        <MessageBar layout="multiline">
          <MessageBarBody>{t('objects.restored')}</MessageBarBody>
          <MessageBarActions><Button onClick={reset}>{t('objects.discard')}</Button></MessageBarActions>
        </MessageBar>
      ) : null}
      <Form onSubmit={() => void submit()} problem={commit.problem}>
        {commit.problem && !atField ? <ErrorPanel error={commit.problem} /> : null}
        {props.children?.(draft.value, draft.patch)}
        <ObjectFields info={info} sections={props.sections} draft={draft.value} onChange={draft.patch as (part: Draft) => void}
          problem={commit.problem} readOnly={props.readOnly} exists={key !== null} choices={props.choices} omit={props.omit} />
        {props.readOnly ? null : (
          <div className={styles.actions}>
            <Button type="submit" appearance="primary" disabled={commit.busy} title={t('action.commitHint')}
              icon={commit.busy ? <Spinner size="tiny" /> : undefined}>
              {t('action.commit')}
            </Button>
            {props.onCancel ? <Button onClick={props.onCancel}>{t('action.cancel')}</Button>
              : <Button disabled={!dirty} onClick={() => { reset(); commit.forget(); }}>{t('objects.discard')}</Button>}
          </div>
        )}
      </Form>
      {commit.dialog}
      {commit.theirs ? (
        <ConflictDialog info={info} name={key ?? ''} base={draft.base} mine={draft.value} theirs={draftOf(info, commit.theirs)}
          onResolve={(merged) => {
            draft.rebase(draftOf(info, commit.theirs!), merged);
            commit.forget();
          }}
          onDiscard={() => {
            draft.rebase(draftOf(info, commit.theirs!));
            commit.forget();
          }}
          onCancel={commit.forget} />
      ) : null}
    </>
  );
}
