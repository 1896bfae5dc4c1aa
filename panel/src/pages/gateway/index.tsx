/** Gateway Settings: the federation switch, what holds for all partners, the secret, body logging. */
import { Spinner } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { areas, useItem } from '../../api/queries';
import { useKind } from '../../objects/kinds';
import type { Item, Section } from '../../objects/model';
import { ObjectEditor } from '../../objects/ObjectEditor';
import { Can, useSession } from '../../session';
import { ErrorPanel, Page } from '../../ui';
import { Bodies } from './Bodies';
import { FederationSwitch } from './FederationSwitch';
import { Passphrase } from './Passphrase';

const sections: readonly Section[] = [
  { key: 'connections', names: ['connection_limit', 'partner_connection_limit'] },
  { key: 'times', names: ['keep_alive_interval', 'stream_establishment_timeout', 'stream_inactivity_timeout',
    'subscription_refresh_interval'] },
];
/** These have a place of their own on the page. */
const omit = ['dialback_passphrase', 'enable_logging_all_message_bodies'];

function Settings() {
  const { t } = useTranslation();
  const { has } = useSession();
  const { info, error, retry } = useKind('gateway');
  const found = useItem<Item>(areas.config, '/gateway');
  const may = has('gateway.write');
  if (error) return <ErrorPanel error={error} retry={retry} />;
  if (!found.data && found.error) return <ErrorPanel error={found.error} retry={() => void found.refetch()} />;
  if (!info || !found.data) return <Spinner label={t('list.loading')} />;
  return (
    <>
      <ObjectEditor info={info} itemKey="global" item={found.data.item} sections={sections} readOnly={!may} omit={omit} />
      <Passphrase info={info} isSet={found.data.item.dialback_passphrase_set === true} />
      <Bodies on={found.data.item.enable_logging_all_message_bodies === true} />
    </>
  );
}

export default function Gateway() {
  const { t } = useTranslation();
  return (
    <Page title={t('nav.gateway')} intro={t('gateway.intro')}>
      <Can right="access.read"><FederationSwitch /></Can>
      <Can right="gateway.read"><Settings /></Can>
    </Page>
  );
}
