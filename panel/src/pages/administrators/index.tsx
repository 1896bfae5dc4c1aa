/** Administrators and Roles. */
import { Tab, TabList } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';
import { useSession } from '../../session';
import { Page } from '../../ui';
import { Accounts } from './Accounts';
import { Roles } from './Roles';

export default function Administrators() {
  const { t } = useTranslation();
  const { has } = useSession();
  const [params, setParams] = useSearchParams();
  const tabs = [has('admin.read') ? 'accounts' : '', has('role.read') ? 'roles' : ''].filter(Boolean);
  const wanted = params.get('tab') ?? '';
  const tab = tabs.includes(wanted) ? wanted : tabs[0];
  return (
    <Page title={t('nav.administrators')} intro={t('administrators.intro')}>
      {tabs.length > 1 ? (
        <TabList selectedValue={tab} onTabSelect={(_, d) => setParams({ tab: String(d.value) }, { replace: true })}>
          {tabs.map((x) => <Tab key={x} value={x}>{t(`administrators.${x}`)}</Tab>)}
        </TabList>
      ) : null}
      {tab === 'accounts' ? <Accounts /> : null}
      {tab === 'roles' ? <Roles /> : null}
    </Page>
  );
}
