/** AllowFederatedUsers: the switch above every policy and every partner. */
import { MessageBar, MessageBarBody, Spinner, Subtitle1, Switch, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { areas, changed, useItem } from '../../api/queries';
import type { Access, Changed, Item } from '../../api/types';
import type { Work } from '../../objects/commit';
import { useCommit } from '../../objects/useCommit';
import { useSession } from '../../session';
import { ErrorPanel, useNotify } from '../../ui';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS, maxWidth: '44rem' },
});

function workOf(on: boolean): Work {
  return {
    read: async () => (await api.get<Item<Record<string, unknown>> & { generation: number }>('/access')).data,
    send: async ({ dryRun, generation }) => (await api.patch<Changed>('/access',
      { body: { allow_federated_users: on }, dryRun, ifMatch: generation })).data,
    // It decides about everybody: never without being asked.
    alwaysShow: true,
  };
}

export function FederationSwitch() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  const queries = useQueryClient();
  const notify = useNotify();
  const found = useItem<Access>(areas.config, '/access');
  const on = found.data?.item.allow_federated_users;
  const commit = useCommit({
    title: t(on ? 'gateway.switch.offTitle' : 'gateway.switch.onTitle'),
    label: t(on ? 'gateway.switch.off' : 'gateway.switch.on'),
    children: <Text>{t(on ? 'gateway.switch.offText' : 'gateway.switch.onText')}</Text>,
    onSaved: () => {
      void changed(queries);
      notify(t(on ? 'gateway.switch.isOff' : 'gateway.switch.isOn'));
    },
  });
  if (!found.data && found.error) return <ErrorPanel error={found.error} retry={() => void found.refetch()} />;
  if (on === undefined) return <Spinner label={t('list.loading')} />;
  return (
    <section className={styles.part} aria-labelledby="federation-title">
      <Subtitle1 as="h2" id="federation-title">{t('gateway.switch.title')}</Subtitle1>
      <Switch checked={on} disabled={!has('access.write') || commit.busy} label={t('gateway.switch.label')}
        onChange={() => commit.run(workOf(!on))} />
      <Text>{t('gateway.switch.meaning')}</Text>
      {on ? null : (
        <MessageBar intent="warning" layout="multiline"><MessageBarBody>{t('gateway.switch.isOffNow')}</MessageBarBody></MessageBar>
      )}
      {commit.problem ? <ErrorPanel error={commit.problem} /> : null}
      {commit.dialog}
    </section>
  );
}
