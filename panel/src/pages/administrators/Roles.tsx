/** Roles: the built-in ones with their names in Lync Server, and those of one's own making. */
import {
  Badge, Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Input, Spinner, Subtitle2,
  Switch, Text, makeStyles, tokens,
} from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, seg } from '../../api/client';
import { areas, useList } from '../../api/queries';
import type { Role } from '../../api/types';
import { Can, useSession } from '../../session';
import { ConfirmDialog, ErrorPanel, Form, FormField, Icon, fieldError, isFieldError, useNotify, Modal } from '../../ui';
import { RightBoxes, rightTextOf } from './RightBoxes';
import { roleName, roleText } from './roleName';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  cards: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, listStyleType: 'none', margin: 0, padding: 0 },
  card: { borderRadius: tokens.borderRadiusMedium, padding: tokens.spacingHorizontalM, display: 'flex',
    border: `1px solid ${tokens.colorNeutralStroke2}`, flexDirection: 'column', gap: tokens.spacingVerticalXS },
  head: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, alignItems: 'center' },
  quiet: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  surface: { maxWidth: '56rem' },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

function useRefresh() {
  const queries = useQueryClient();
  return () => Promise.all([areas.accounts, areas.audit].map((a) => queries.invalidateQueries({ queryKey: [a] })));
}

function RoleDialog({ role, onClose }: { role: Role | null; onClose(): void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const refresh = useRefresh();
  const notify = useNotify();
  const [typed, setTyped] = useState({
    name: role?.name ?? '', title: role?.title ?? '', rights: role?.rights ?? [], requires_totp: role?.requires_totp ?? false,
  });
  const save = useMutation({
    mutationFn: () => {
      const { name, ...body } = typed;
      return role ? api.patch(`/roles/${seg(role.name)}`, { body, ifMatch: '*' })
        : api.post('/roles', { body: { name: name.trim(), ...body }, ifMatch: '*' });
    },
    onSuccess: async () => {
      await refresh();
      notify(t('objects.saved', { name: typed.name }));
      onClose();
    },
  });
  const rightsError = fieldError(save.error, 'rights');
  return (
    <Modal open modalType="modal" onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.surface}>
        <Form onSubmit={() => save.mutate()} problem={save.error} style={{ maxWidth: 'none' }}>
          <DialogBody>
            <DialogTitle>{role ? t('roles.editTitle', { name: role.name }) : t('roles.newTitle')}</DialogTitle>
            <DialogContent className={styles.part}>
              {save.error && !isFieldError(save.error, ['name', 'title', 'rights']) ? <ErrorPanel error={save.error} /> : null}
              <FormField name="name" problem={save.error} label={t('roles.name')} required={!role}>
                <Input value={typed.name} readOnly={role !== null} autoComplete="off"
                  onChange={(_, d) => setTyped({ ...typed, name: d.value })} />
              </FormField>
              <FormField name="title" problem={save.error} label={t('roles.title')}>
                <Input value={typed.title} onChange={(_, d) => setTyped({ ...typed, title: d.value })} />
              </FormField>
              <Switch checked={typed.requires_totp} label={t('roles.requiresTotp')}
                onChange={(_, d) => setTyped({ ...typed, requires_totp: d.checked })} />
              <Subtitle2 as="h3">{t('roles.rights')}</Subtitle2>
              {rightsError ? <div role="alert" className={styles.bad}>{rightsError}</div> : null}
              <RightBoxes chosen={typed.rights} onChange={(rights) => setTyped({ ...typed, rights })} />
            </DialogContent>
            <DialogActions>
              <Button type="submit" appearance="primary" disabled={save.isPending}
                icon={save.isPending ? <Spinner size="tiny" /> : undefined}>{t('action.commit')}</Button>
              <Button onClick={onClose}>{t('action.cancel')}</Button>
            </DialogActions>
          </DialogBody>
        </Form>
      </DialogSurface>
    </Modal>
  );
}

function RemoveRole({ role, onClose }: { role: Role; onClose(): void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const notify = useNotify();
  const remove = useMutation({
    mutationFn: () => api.del(`/roles/${seg(role.name)}`, { ifMatch: '*' }),
    onSuccess: async () => {
      await refresh();
      notify(t('objects.removed', { name: role.name }));
      onClose();
    },
  });
  return (
    <ConfirmDialog open danger title={t('roles.removeTitle', { name: role.name })} text={<p>{t('roles.removeText')}</p>}
      confirm={t('action.delete')} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()}
      onCancel={onClose} />
  );
}

/** Built-in roles cannot be changed, except for the second factor they ask for. */
function TotpSwitch({ role }: { role: Role }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const { has } = useSession();
  const set = useMutation({
    mutationFn: (requires_totp: boolean) => api.patch(`/roles/${seg(role.name)}`, { body: { requires_totp }, ifMatch: '*' }),
    onSuccess: refresh,
  });
  return (
    <>
      <Switch checked={role.requires_totp} disabled={!has('role.write') || set.isPending} label={t('roles.requiresTotp')}
        onChange={(_, d) => set.mutate(d.checked)} />
      {set.error ? <ErrorPanel error={set.error} /> : null}
    </>
  );
}

function Card({ role, onEdit, onRemove }: { role: Role; onEdit(): void; onRemove(): void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <li className={styles.card} data-role={role.name}>
      <div className={styles.head}>
        <Subtitle2 as="h3">{roleName(role.name)}</Subtitle2>
        {role.builtin ? <Badge appearance="outline" color="informative">{t('roles.builtin')}</Badge> : null}
        {role.builtin ? null : (
          <Can right="role.write">
            <Button size="small" onClick={onEdit} aria-label={t('objects.edit', { name: role.name })}>{t('action.edit')}</Button>
            <Button size="small" onClick={onRemove} aria-label={t('objects.remove', { name: role.name })}>{t('action.delete')}</Button>
          </Can>
        )}
      </div>
      <Text>{role.builtin ? roleText(role.name, role.title) : role.title}</Text>
      {role.aliases.length > 0 ? <Text className={styles.quiet}>{t('roles.aliases', { names: role.aliases.join(', ') })}</Text> : null}
      <TotpSwitch role={role} />
      <details>
        <summary>{t('roles.rightsOf', { count: role.rights.length })}</summary>
        <ul>{role.rights.map((r) => <li key={r}>{rightTextOf(r)} <span className={styles.quiet}>{r}</span></li>)}</ul>
      </details>
    </li>
  );
}

export function Roles() {
  const { t } = useTranslation();
  const styles = useStyles();
  const list = useList<Role>(areas.accounts, '/roles');
  const [editing, setEditing] = useState<Role | 'new' | null>(null);
  const [removing, setRemoving] = useState<Role | null>(null);
  if (list.error && !list.data) return <ErrorPanel error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Spinner label={t('list.loading')} />;
  return (
    <section className={styles.part} aria-label={t('administrators.roles')}>
      <Can right="role.write">
        <div><Button icon={<Icon name="add" />} onClick={() => setEditing('new')}>{t('roles.newTitle')}</Button></div>
      </Can>
      <ul className={styles.cards}>
        {list.data.items.map((r) => (
          <Card key={r.name} role={r} onEdit={() => setEditing(r)} onRemove={() => setRemoving(r)} />
        ))}
      </ul>
      {editing ? <RoleDialog role={editing === 'new' ? null : editing} onClose={() => setEditing(null)} /> : null}
      {removing ? <RemoveRole role={removing} onClose={() => setRemoving(null)} /> : null}
    </section>
  );
}
