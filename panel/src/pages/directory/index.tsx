/** Directory: how LDAP or Active Directory signs administrators in, which groups have which roles, a test. */
import {
  Button, Input, Select, Spinner, Subtitle1, Switch, Text, Textarea, makeStyles, tokens,
} from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, seg } from '../../api/client';
import { areas, useList, useRead } from '../../api/queries';
import type { Role } from '../../api/types';
import { Can, useDraft, useSession, useUnsaved } from '../../session';
import {
  ConfirmDialog, DataList, ErrorPanel, Form, FormField, Icon, Page, StateBadge, isFieldError, useNotify, type Column,
} from '../../ui';
import { roleName } from '../administrators/roleName';
import { Test } from './Test';
import { draftOf, fields, patchOf, type Binding, type DirectorySettings, type Draft } from './model';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

type Answer = DirectorySettings & { item?: DirectorySettings };

function useRefresh() {
  const queries = useQueryClient();
  return () => Promise.all([areas.accounts, areas.audit].map((a) => queries.invalidateQueries({ queryKey: [a] })));
}

function SettingsForm({ settings }: { settings: DirectorySettings }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const refresh = useRefresh();
  const { has } = useSession();
  const may = has('directory.write');
  const draft = useDraft<Draft>('directory', draftOf(settings), ['bind_password']);
  useUnsaved(draft.dirty && may, draft.clear);
  const save = useMutation({
    mutationFn: () => api.patch('/directory', { body: patchOf(draft.base, draft.value) }),
    onSuccess: async () => {
      draft.rebase({ ...draft.value, bind_password: '' });
      await refresh();
      notify(t('directory.saved'));
    },
  });
  const control = (name: (typeof fields)[number]) => {
    const value = draft.value[name] as string;
    const set = (v: string) => draft.patch({ [name]: v } as Partial<Draft>);
    if (name === 'servers') return <Textarea value={value} rows={2} resize="vertical" readOnly={!may} onChange={(_, d) => set(d.value)} />;
    return (
      <Input value={value} readOnly={!may} spellCheck={false} type={name === 'bind_password' ? 'password' : 'text'}
        autoComplete={name === 'bind_password' ? 'new-password' : 'off'}
        placeholder={name === 'bind_password' && settings.bind_password_set ? t('directory.passwordSet') : undefined}
        onChange={(_, d) => set(d.value)} />
    );
  };
  return (
    <Form onSubmit={() => save.mutate()} problem={save.error} aria-label={t('directory.settings')}>
      {save.error && !isFieldError(save.error, fields) ? <ErrorPanel error={save.error} /> : null}
      <Switch checked={draft.value.enabled} disabled={!may} label={t('directory.enabled')}
        onChange={(_, d) => draft.patch({ enabled: d.checked })} />
      {fields.map((name) => (
        <FormField key={name} name={name} problem={save.error} label={t(`directory.field.${name}`)} hint={t(`directory.hint.${name}`)}>
          {control(name)}
        </FormField>
      ))}
      {may ? (
        <div className={styles.actions}>
          <Button type="submit" appearance="primary" disabled={!draft.dirty || save.isPending} title={t('action.commitHint')}
            icon={save.isPending ? <Spinner size="tiny" /> : undefined}>{t('action.commit')}</Button>
          <Button disabled={!draft.dirty} onClick={() => draft.rebase(draftOf(settings))}>{t('objects.discard')}</Button>
        </div>
      ) : null}
    </Form>
  );
}

/** A group gets a role. A suggestion is confirmed with the group's own DN or SID. */
function NewBinding({ suggestion, onClose }: { suggestion: Binding | null; onClose(): void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const refresh = useRefresh();
  const roles = useList<Role>(areas.accounts, '/roles');
  const [group, setGroup] = useState(suggestion?.group ?? '');
  const [role, setRole] = useState(suggestion?.role ?? 'viewer');
  const add = useMutation({
    mutationFn: () => (suggestion
      ? api.patch(`/directory/bindings/${seg(suggestion.key)}`, { body: { group: group.trim(), role, confirmed: true } })
      : api.post('/directory/bindings', { body: { group: group.trim(), role } })),
    onSuccess: async () => {
      await refresh();
      notify(t('directory.bound', { group: group.trim(), role: roleName(role) }));
      onClose();
    },
  });
  return (
    <ConfirmDialog open title={t(suggestion ? 'directory.confirmTitle' : 'directory.bindTitle')}
      text={<p>{t(suggestion ? 'directory.confirmText' : 'directory.bindText')}</p>}
      confirm={t(suggestion ? 'directory.confirm' : 'directory.bind')} busy={add.isPending}
      notYet={!group.trim()} error={add.error && !isFieldError(add.error, ['group', 'role']) ? add.error : null}
      onConfirm={() => add.mutate()} onCancel={onClose}>
      <FormField name="group" problem={add.error} label={t('directory.group')} hint={t('directory.groupHint')} required>
        <Input value={group} spellCheck={false} onChange={(_, d) => setGroup(d.value)} />
      </FormField>
      <FormField name="role" problem={add.error} label={t('directory.role')}>
        <Select value={role} onChange={(_, d) => setRole(d.value)}>
          {(roles.data?.items ?? []).map((r) => <option key={r.name} value={r.name}>{roleName(r.name)}</option>)}
        </Select>
      </FormField>
    </ConfirmDialog>
  );
}

function RemoveBinding({ binding, onClose }: { binding: Binding; onClose(): void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const refresh = useRefresh();
  const remove = useMutation({
    mutationFn: () => api.del(`/directory/bindings/${seg(binding.key)}`),
    onSuccess: async () => {
      await refresh();
      notify(t('objects.removed', { name: binding.group }));
      onClose();
    },
  });
  return (
    <ConfirmDialog open danger title={t('directory.unbindTitle', { group: binding.group })} text={<p>{t('directory.unbindText')}</p>}
      confirm={t('action.delete')} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onCancel={onClose} />
  );
}

function Bindings() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  const may = has('directory.write');
  const list = useList<Binding>(areas.accounts, '/directory/bindings');
  const [adding, setAdding] = useState<Binding | 'new' | null>(null);
  const [removing, setRemoving] = useState<Binding | null>(null);
  const columns: Column<Binding>[] = [
    { key: 'group', title: t('directory.group'), text: (b) => b.group },
    { key: 'role', title: t('directory.role'), text: (b) => roleName(b.role) },
    { key: 'confirmed', title: t('directory.state'), text: (b) => t(b.confirmed ? 'directory.confirmed' : 'directory.unconfirmed'),
      render: (b) => <StateBadge tone={b.confirmed ? 'good' : 'warn'} text={t(b.confirmed ? 'directory.confirmed' : 'directory.unconfirmed')} /> },
    ...(may ? [{ key: 'actions', title: t('objects.actions'), text: () => '', unsorted: true, render: (b: Binding) => (
      <div className={styles.actions}>
        {b.confirmed ? null : (
          <Button size="small" aria-label={t('directory.confirmName', { group: b.group })} onClick={() => setAdding(b)}>
            {t('directory.confirm')}
          </Button>
        )}
        <Button size="small" appearance="subtle" icon={<Icon name="remove" />} aria-label={t('objects.remove', { name: b.group })}
          onClick={() => setRemoving(b)} />
      </div>
    ) }] : []),
  ];
  return (
    <section className={styles.part} aria-labelledby="bindings-title">
      <Subtitle1 as="h2" id="bindings-title">{t('directory.bindings')}</Subtitle1>
      <Text>{t('directory.bindingsText')}</Text>
      <Can right="directory.write">
        <div><Button icon={<Icon name="add" />} onClick={() => setAdding('new')}>{t('directory.bindTitle')}</Button></div>
      </Can>
      <DataList label={t('directory.bindings')} items={list.data?.items} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(b) => b.key} rowName={(b) => b.group} empty={<p>{t('directory.noBindings')}</p>} />
      {adding ? <NewBinding suggestion={adding === 'new' ? null : adding} onClose={() => setAdding(null)} /> : null}
      {removing ? <RemoveBinding binding={removing} onClose={() => setRemoving(null)} /> : null}
    </section>
  );
}

export default function Directory() {
  const { t } = useTranslation();
  const styles = useStyles();
  const found = useRead<Answer>(areas.accounts, '/directory');
  const settings = found.data?.item ?? found.data;
  return (
    <Page title={t('nav.directory')} intro={t('directory.intro')}>
      {found.error && !settings ? <ErrorPanel error={found.error} retry={() => void found.refetch()} /> : null}
      {settings ? (
        <>
          <section className={styles.part} aria-labelledby="directory-title">
            <Subtitle1 as="h2" id="directory-title">{t('directory.settings')}</Subtitle1>
            <SettingsForm settings={settings} />
          </section>
          <Bindings />
          <Can right="directory.write"><Test /></Can>
        </>
      ) : found.error ? null : <Spinner label={t('list.loading')} />}
    </Page>
  );
}
