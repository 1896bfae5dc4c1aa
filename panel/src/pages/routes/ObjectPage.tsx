/** New and Edit of a route or a domain: the same form, drawn from what the service says of its settings. */
import { Spinner } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router-dom';
import { seg } from '../../api/client';
import { areas, useItem, useList } from '../../api/queries';
import type { SipRoute } from '../../api/types';
import { useKind } from '../../objects/kinds';
import type { Item, Section } from '../../objects/model';
import { ObjectEditor } from '../../objects/ObjectEditor';
import { useSession } from '../../session';
import { ErrorPanel, LinkTo, Page } from '../../ui';
import { RouteLive } from './Live';

function useRouteChoices() {
  const { has } = useSession();
  const routes = useList<SipRoute>(areas.config, '/routes', { enabled: has('route.read') });
  return routes.data ? { route: routes.data.items.map((r) => ({ value: r.name, label: r.name })) } : undefined;
}

export function ObjectPage({ kind, sections }: { kind: 'route' | 'domain'; sections: readonly Section[] }) {
  const { t } = useTranslation();
  const { key = null } = useParams();
  const { has } = useSession();
  const go = useNavigate();
  const { info, error, retry } = useKind(kind);
  const found = useItem<Item>(areas.config, `/${kind}s/${seg(key ?? '')}`, { enabled: key !== null });
  const choices = useRouteChoices();
  const may = has(`${kind}.write`);
  const title = key === null ? t(`routes.new.${kind}`) : t(may ? `routes.edit.${kind}` : `routes.show.${kind}`, { name: key });
  const back = () => go('/federation/routes');
  const failed = error ?? (found.data ? null : found.error);
  return (
    <Page title={title} intro={<LinkTo to="/federation/routes">{t('routes.back')}</LinkTo>}>
      {failed ? <ErrorPanel error={failed} retry={error ? retry : () => void found.refetch()} /> : null}
      {info && (key === null || found.data) ? (
        <ObjectEditor key={key ?? ''} info={info} itemKey={key} item={found.data?.item} sections={sections} readOnly={!may}
          choices={choices} onSaved={back} onCancel={may ? back : undefined} />
      ) : failed ? null : <Spinner label={t('list.loading')} />}
      {kind === 'route' && key !== null && found.data ? <RouteLive name={key} /> : null}
    </Page>
  );
}
