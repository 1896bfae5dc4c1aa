/** The accounts of administrators: made with a one-time password, reset, switched on and off. */
import {
  Button, Checkbox, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Input, Menu,
  MenuItem, MenuList, MenuPopover, MenuTrigger, Spinner, makeStyles, tokens,
} from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, seg } from '../../api/client';
import { areas, useList } from '../../api/queries';
import type { Administrator, Role } from '../../api/types';
import { Can, useSession } from '../../session';
import {
  ConfirmDialog, DataList, ErrorPanel, Form, FormField, Icon, OneTime, StateBadge, Time, absolute, fieldError, isFieldError,
  useNotify, type Column, Modal,
} from '../../ui';
import { roleName } from './roleName';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  roles: { border: 'none', padding: 0, margin: 0 },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

interface Secret {
  name: string;
  password: string;
  expires: string | null;
}

type Answer = Partial<Administrator> & { item?: Administrator };

/** The one-time password of an answer, wherever it stands. */
function secretOf(name: string, data: Answer): Secret | null {
  const from = data.one_time_password ? data : data.item;
  return from?.one_time_password
    ? { name, password: from.one_time_password, expires: from.one_time_expires ?? null } : null;
}

function useRefresh() {
  const queries = useQueryClient();
  return () => Promise.all([areas.accounts, areas.audit].map((a) => queries.invalidateQueries({ queryKey: [a] })));
}

interface Typed {
  name: string;
  description: string;
  roles: string[];
}

/** New, or another description and other roles. */
function AccountDialog({ account, onClose, onMade }: {
  account: Administrator | null;
  onClose(): void;
  onMade(secret: Secret | null): void;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const refresh = useRefresh();
  const roles = useList<Role>(areas.accounts, '/roles');
  const [typed, setTyped] = useState<Typed>({
    name: account?.name ?? '', description: account?.description ?? '', roles: account?.roles ?? [],
  });
  const save = useMutation({
    mutationFn: async () => {
      const { name, ...rest } = typed;
      const body = { ...rest, description: rest.description || null };
      return account
        ? (await api.patch<Answer>(`/administrators/${seg(account.name)}`, { body, ifMatch: '*' })).data
        : (await api.post<Answer>('/administrators', { body: { name: name.trim(), ...body }, ifMatch: '*' })).data;
    },
    onSuccess: async (data) => {
      await refresh();
      onMade(account ? null : secretOf(typed.name.trim(), data ?? {}));
    },
  });
  const rolesError = fieldError(save.error, 'roles');
  return (
    <Modal open modalType="modal" onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <Form onSubmit={() => save.mutate()} problem={save.error}>
          <DialogBody>
            <DialogTitle>{account ? t('administrators.editTitle', { name: account.name }) : t('administrators.newTitle')}</DialogTitle>
            <DialogContent className={styles.part}>
              {save.error && !isFieldError(save.error, ['name', 'description', 'roles']) ? <ErrorPanel error={save.error} /> : null}
              {account ? null : (
                <FormField name="name" problem={save.error} label={t('administrators.name')} required>
                  <Input value={typed.name} autoComplete="off" onChange={(_, d) => setTyped({ ...typed, name: d.value })} />
                </FormField>
              )}
              <FormField name="description" problem={save.error} label={t('administrators.description')}>
                <Input value={typed.description} onChange={(_, d) => setTyped({ ...typed, description: d.value })} />
              </FormField>
              <fieldset className={styles.roles} data-field="roles">
                <legend>{t('administrators.rolesOf')}</legend>
                {roles.error ? <ErrorPanel error={roles.error} /> : null}
                {(roles.data?.items ?? []).map((r) => (
                  <div key={r.name}>
                    <Checkbox label={roleName(r.name)} checked={typed.roles.includes(r.name)}
                      onChange={(_, d) => setTyped({ ...typed,
                        roles: d.checked === true ? [...typed.roles, r.name] : typed.roles.filter((x) => x !== r.name) })} />
                  </div>
                ))}
                {rolesError ? <div role="alert" className={styles.bad}>{rolesError}</div> : null}
              </fieldset>
            </DialogContent>
            <DialogActions>
              <Button type="submit" appearance="primary" disabled={save.isPending}
                icon={save.isPending ? <Spinner size="tiny" /> : undefined}>
                {account ? t('action.commit') : t('administrators.create')}
              </Button>
              <Button onClick={onClose}>{t('action.cancel')}</Button>
            </DialogActions>
          </DialogBody>
        </Form>
      </DialogSurface>
    </Modal>
  );
}

type Doing = { what: 'new' } | { what: 'edit' | 'reset' | 'remove' | 'disable'; account: Administrator };

function ResetDialog({ account, onClose, onMade }: { account: Administrator; onClose(): void; onMade(s: Secret | null): void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [totp, setTotp] = useState(false);
  const reset = useMutation({
    mutationFn: async () =>
      (await api.post<Answer>(`/administrators/${seg(account.name)}/reset`, { body: { totp }, ifMatch: '*' })).data,
    onSuccess: async (data) => {
      await refresh();
      onMade(secretOf(account.name, data));
    },
  });
  return (
    <ConfirmDialog open title={t('administrators.resetTitle', { name: account.name })} text={<p>{t('administrators.resetText')}</p>}
      confirm={t('administrators.reset')} busy={reset.isPending} error={reset.error} onConfirm={() => reset.mutate()}
      onCancel={onClose}>
      {account.totp ? (
        <Checkbox checked={totp} label={t('administrators.resetTotp')} onChange={(_, d) => setTotp(d.checked === true)} />
      ) : null}
    </ConfirmDialog>
  );
}

function SureDialog({ what, account, onClose }: { what: 'remove' | 'disable'; account: Administrator; onClose(): void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const notify = useNotify();
  const go = useMutation({
    mutationFn: () => {
      const path = `/administrators/${seg(account.name)}`;
      return what === 'remove' ? api.del(path, { ifMatch: '*' }) : api.patch(path, { body: { enabled: false }, ifMatch: '*' });
    },
    onSuccess: async () => {
      await refresh();
      notify(t(`administrators.${what}Done`, { name: account.name }));
      onClose();
    },
  });
  return (
    <ConfirmDialog open danger title={t(`administrators.${what}Title`, { name: account.name })}
      text={<p>{t(`administrators.${what}Text`)}</p>} confirm={t(`administrators.${what}`)} busy={go.isPending} error={go.error}
      onConfirm={() => go.mutate()} onCancel={onClose} />
  );
}

function Actions({ account, onDo }: { account: Administrator; onDo(d: Doing): void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const notify = useNotify();
  const enable = useMutation({
    mutationFn: () => api.patch(`/administrators/${seg(account.name)}`, { body: { enabled: true }, ifMatch: '*' }),
    onSuccess: async () => {
      await refresh();
      notify(t('administrators.enabledDone', { name: account.name }));
    },
  });
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" aria-label={t('objects.actionsFor', { name: account.name })}>{t('objects.actions')}</Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => onDo({ what: 'edit', account })}>{t('action.edit')}</MenuItem>
            <MenuItem onClick={() => onDo({ what: 'reset', account })}>{t('administrators.reset')}</MenuItem>
            {account.enabled
              ? <MenuItem onClick={() => onDo({ what: 'disable', account })}>{t('administrators.disable')}</MenuItem>
              : <MenuItem onClick={() => enable.mutate()}>{t('administrators.enable')}</MenuItem>}
            <MenuItem onClick={() => onDo({ what: 'remove', account })}>{t('action.delete')}</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {enable.error ? <ErrorPanel error={enable.error} /> : null}
    </>
  );
}

export function Accounts() {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const { has } = useSession();
  const may = has('admin.write');
  const list = useList<Administrator>(areas.accounts, '/administrators');
  const [doing, setDoing] = useState<Doing | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  const columns = useMemo<Column<Administrator>[]>(() => [
    { key: 'name', title: t('administrators.name'), text: (a) => a.name },
    { key: 'description', title: t('administrators.description'), text: (a) => a.description ?? '' },
    { key: 'roles', title: t('administrators.rolesOf'), text: (a) => a.roles.map(roleName).join(', ') },
    { key: 'state', title: t('administrators.state'), text: (a) => t(a.enabled ? 'administrators.enabled' : 'administrators.disabled'),
      render: (a) => <StateBadge tone={a.enabled ? 'good' : 'off'} text={t(a.enabled ? 'administrators.enabled' : 'administrators.disabled')} /> },
    { key: 'totp', title: t('administrators.totp'), text: (a) => t(a.totp ? 'common.yes' : 'common.no') },
    { key: 'last', title: t('administrators.lastSignIn'), text: (a) => a.last_sign_in ?? '', render: (a) => <Time value={a.last_sign_in} short /> },
    ...(may ? [{ key: 'actions', title: t('objects.actions'), text: () => '', unsorted: true,
      render: (a: Administrator) => <Actions account={a} onDo={setDoing} /> }] : []),
  ], [t, may]);
  const made = (s: Secret | null) => {
    if (doing?.what === 'edit') notify(t('objects.saved', { name: doing.account.name }));
    setDoing(null);
    setSecret(s);
  };
  return (
    <section className={styles.part} aria-label={t('administrators.accounts')}>
      <Can right="admin.write">
        <div><Button icon={<Icon name="add" />} onClick={() => setDoing({ what: 'new' })}>{t('administrators.newTitle')}</Button></div>
      </Can>
      <DataList label={t('administrators.accounts')} items={list.data?.items} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(a) => a.name} rowName={(a) => a.name} empty={<p>{t('administrators.none')}</p>} />
      {doing?.what === 'new' || doing?.what === 'edit' ? (
        <AccountDialog account={doing.what === 'edit' ? doing.account : null} onClose={() => setDoing(null)} onMade={made} />
      ) : null}
      {doing?.what === 'reset' ? <ResetDialog account={doing.account} onClose={() => setDoing(null)} onMade={made} /> : null}
      {doing?.what === 'remove' || doing?.what === 'disable'
        ? <SureDialog what={doing.what} account={doing.account} onClose={() => setDoing(null)} /> : null}
      {secret ? (
        <OneTime title={t('administrators.secretTitle', { name: secret.name })}
          text={t('administrators.secretText', { until: secret.expires ? absolute(secret.expires) : '24 h' })}
          secret={secret.password} what={t('administrators.secret')} onClose={() => setSecret(null)} />
      ) : null}
    </section>
  );
}
