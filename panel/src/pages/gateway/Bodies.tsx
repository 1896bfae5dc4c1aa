/** Logging of message texts: on only after a confirmation; while it is on a banner stands on every page. */
import { Checkbox, Subtitle1, Switch, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { changed } from '../../api/queries';
import type { Changed } from '../../api/types';
import { sessions, useSession } from '../../session';
import { ConfirmDialog, ErrorPanel, settingName, useNotify } from '../../ui';

const name = 'enable_logging_all_message_bodies';
const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS, maxWidth: '44rem' },
});

export function Bodies({ on }: { on: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  const notify = useNotify();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [understood, setUnderstood] = useState(false);
  const set = useMutation({
    mutationFn: (next: boolean) => api.patch<Changed>('/gateway',
      { body: { [name]: next }, ifMatch: '*', query: next ? { confirm: 'log-bodies' } : undefined }),
    onSuccess: async (_, next) => {
      setAsking(false);
      await changed(queries);
      await sessions.refresh();
      notify(t(next ? 'gateway.bodies.isOn' : 'gateway.bodies.isOff'));
    },
  });
  return (
    <section className={styles.part} aria-labelledby="bodies-title">
      <Subtitle1 as="h2" id="bodies-title">{settingName('gateway', name)}</Subtitle1>
      <Switch checked={on} disabled={!has('bodies.write') || !has('gateway.write') || set.isPending}
        label={t('gateway.bodies.label')}
        onChange={() => {
          set.reset();
          setUnderstood(false);
          if (on) set.mutate(false);
          else setAsking(true);
        }} />
      <Text>{t('gateway.bodies.meaning')}</Text>
      {set.error && !asking ? <ErrorPanel error={set.error} /> : null}
      <ConfirmDialog open={asking} danger title={t('gateway.bodies.askTitle')} text={<p>{t('gateway.bodies.ask')}</p>}
        confirm={t('gateway.bodies.turnOn')} busy={set.isPending} notYet={!understood} error={set.error}
        onConfirm={() => set.mutate(true)} onCancel={() => setAsking(false)}>
        <Checkbox checked={understood} label={t('gateway.bodies.understood')} onChange={(_, d) => setUnderstood(d.checked === true)} />
      </ConfirmDialog>
    </section>
  );
}
