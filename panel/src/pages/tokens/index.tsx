/** API tokens: made with some of one's own rights and an end, shown once, revoked. */
import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Input, Select, Spinner, Subtitle2,
  makeStyles, tokens,
} from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, seg } from '../../api/client';
import { areas, useList } from '../../api/queries';
import type { Token, TokenShown } from '../../api/types';
import { Can, useSession } from '../../session';
import {
  ConfirmDialog, DataList, ErrorPanel, Form, FormField, Icon, OneTime, Page, StateBadge, Time, fieldError, isFieldError,
  useNotify, type Column, Modal,
} from '../../ui';
import { RightBoxes, rightTextOf } from '../administrators/RightBoxes';
import { DAYS, inDays, stateOf } from './expiry';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  surface: { maxWidth: '56rem' },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

function useRefresh() {
  const queries = useQueryClient();
  return () => Promise.all([areas.accounts, areas.audit].map((a) => queries.invalidateQueries({ queryKey: [a] })));
}

function NewToken({ onClose, onMade }: { onClose(): void; onMade(name: string, token: string): void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const refresh = useRefresh();
  const { rights } = useSession();
  const [typed, setTyped] = useState({ name: '', days: 90, rights: [] as string[] });
  const make = useMutation({
    mutationFn: async () => (await api.post<TokenShown>('/tokens',
      { body: { name: typed.name.trim(), rights: typed.rights, expires: inDays(typed.days, Date.now()) }, ifMatch: '*' })).data,
    onSuccess: async (data) => {
      await refresh();
      onMade(typed.name.trim(), data.token);
    },
  });
  const rightsError = fieldError(make.error, 'rights');
  return (
    <Modal open modalType="modal" onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.surface}>
        <Form onSubmit={() => make.mutate()} problem={make.error} style={{ maxWidth: 'none' }}>
          <DialogBody>
            <DialogTitle>{t('tokens.newTitle')}</DialogTitle>
            <DialogContent className={styles.part}>
              {make.error && !isFieldError(make.error, ['name', 'expires', 'rights']) ? <ErrorPanel error={make.error} /> : null}
              <FormField name="name" problem={make.error} label={t('tokens.name')} hint={t('tokens.nameHint')} required>
                <Input value={typed.name} autoComplete="off" onChange={(_, d) => setTyped({ ...typed, name: d.value })} />
              </FormField>
              <FormField name="expires" problem={make.error} label={t('tokens.expires')}>
                <Select value={String(typed.days)} onChange={(_, d) => setTyped({ ...typed, days: Number(d.value) })}>
                  {DAYS.map((n) => <option key={n} value={n}>{t('tokens.inDays', { count: n })}</option>)}
                </Select>
              </FormField>
              <Subtitle2 as="h3">{t('tokens.scope')}</Subtitle2>
              {rightsError ? <div role="alert" className={styles.bad}>{rightsError}</div> : null}
              <RightBoxes chosen={typed.rights} only={rights} onChange={(next) => setTyped({ ...typed, rights: next })} />
            </DialogContent>
            <DialogActions>
              <Button type="submit" appearance="primary" disabled={make.isPending}
                icon={make.isPending ? <Spinner size="tiny" /> : undefined}>{t('tokens.create')}</Button>
              <Button onClick={onClose}>{t('action.cancel')}</Button>
            </DialogActions>
          </DialogBody>
        </Form>
      </DialogSurface>
    </Modal>
  );
}

function Revoke({ token, onClose }: { token: Token; onClose(): void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const notify = useNotify();
  const revoke = useMutation({
    mutationFn: () => api.del(`/tokens/${seg(token.id)}`, { ifMatch: '*' }),
    onSuccess: async () => {
      await refresh();
      notify(t('tokens.revokedDone', { name: token.name }));
      onClose();
    },
  });
  return (
    <ConfirmDialog open danger title={t('tokens.revokeTitle', { name: token.name })} text={<p>{t('tokens.revokeText')}</p>}
      confirm={t('tokens.revoke')} busy={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate()}
      onCancel={onClose} />
  );
}

const tones = { valid: 'good', expired: 'off', revoked: 'off' } as const;

export default function Tokens() {
  const { t } = useTranslation();
  const { has } = useSession();
  const may = has('token.write');
  const list = useList<Token>(areas.accounts, '/tokens');
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const columns = useMemo<Column<Token>[]>(() => {
    const state = (x: Token) => stateOf(x, Date.now());
    return [
      { key: 'name', title: t('tokens.name'), text: (x) => x.name },
      { key: 'owner', title: t('tokens.owner'), text: (x) => x.owner },
      { key: 'state', title: t('tokens.state'), text: (x) => t(`tokens.${state(x)}`),
        render: (x) => <StateBadge tone={tones[state(x)]} text={t(`tokens.${state(x)}`)} /> },
      { key: 'rights', title: t('tokens.scope'), text: (x) => x.rights.join(' '), unsorted: true,
        render: (x) => (
          <details>
            <summary>{t('roles.rightsOf', { count: x.rights.length })}</summary>
            <ul>{x.rights.map((r) => <li key={r}>{rightTextOf(r)}</li>)}</ul>
          </details>
        ) },
      { key: 'expires', title: t('tokens.expires'), text: (x) => x.expires ?? '', render: (x) => <Time value={x.expires} /> },
      { key: 'used', title: t('tokens.lastUsed'), text: (x) => x.last_used ?? '', render: (x) => <Time value={x.last_used} short /> },
      ...(may ? [{ key: 'actions', title: t('objects.actions'), text: () => '', unsorted: true,
        render: (x: Token) => (stateOf(x, Date.now()) === 'valid' ? (
          <Button size="small" aria-label={t('tokens.revokeName', { name: x.name })} onClick={() => setRevoking(x)}>
            {t('tokens.revoke')}
          </Button>
        ) : null) }] : []),
    ];
  }, [t, may]);
  return (
    <Page title={t('nav.tokens')} intro={t('tokens.intro')} actions={
      <Can right="token.write">
        <Button icon={<Icon name="add" />} onClick={() => setMaking(true)}>{t('tokens.newTitle')}</Button>
      </Can>}>
      <DataList label={t('nav.tokens')} items={list.data?.items} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(x) => x.id} rowName={(x) => x.name} empty={<p>{t('tokens.none')}</p>} />
      {making ? (
        <NewToken onClose={() => setMaking(false)} onMade={(name, token) => {
          setMaking(false);
          setMade({ name, token });
        }} />
      ) : null}
      {revoking ? <Revoke token={revoking} onClose={() => setRevoking(null)} /> : null}
      {made ? (
        <OneTime title={t('tokens.shownTitle', { name: made.name })} text={t('tokens.shownText')} secret={made.token}
          what={t('tokens.token')} onClose={() => setMade(null)} />
      ) : null}
    </Page>
  );
}
