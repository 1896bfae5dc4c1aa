/** SIP Routes and Domains: the SIP systems that are trusted, and the domains that are spoken for. */
import { Button, Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import { seg } from '../../api/client';
import { areas, changed, useList } from '../../api/queries';
import type { LocalDomain, SipRoute } from '../../api/types';
import { useKind } from '../../objects/kinds';
import { removeWork } from '../../objects/ObjectEditor';
import { useCommit } from '../../objects/useCommit';
import { Can, useSession } from '../../session';
import {
  DataList, ErrorPanel, Icon, LinkTo, Page, StateBadge, settingName, settingValue, useNotify, type Column,
} from '../../ui';
import { RouteBadge, useRouteStates } from './Live';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM,
    justifyContent: 'space-between' },
});

/** Delete, which always shows first what goes. */
function Remove({ kind, name }: { kind: 'route' | 'domain'; name: string }) {
  const { t } = useTranslation();
  const { info } = useKind(kind);
  const queries = useQueryClient();
  const notify = useNotify();
  const commit = useCommit({
    label: t('action.delete'),
    onSaved: () => {
      notify(t('objects.removed', { name }));
      void changed(queries);
    },
  });
  return (
    <Can right={`${kind}.write`}>
      <Button size="small" appearance="subtle" icon={<Icon name="remove" />} disabled={!info || commit.busy}
        aria-label={t('objects.remove', { name })} onClick={() => info && commit.run(removeWork(info, name))} />
      {commit.problem ? <ErrorPanel error={commit.problem} /> : null}
      {commit.dialog}
    </Can>
  );
}

function Edit({ to, right, name }: { to: string; right: string; name: string }) {
  const { t } = useTranslation();
  const { has } = useSession();
  return <LinkTo to={to} aria-label={t(has(right) ? 'objects.edit' : 'objects.show', { name })}>{name}</LinkTo>;
}

function Routes() {
  const { t } = useTranslation();
  const styles = useStyles();
  const go = useNavigate();
  const list = useList<SipRoute>(areas.config, '/routes');
  const states = useRouteStates(true).data;
  const columns = useMemo<Column<SipRoute>[]>(() => {
    const stateOf = (name: string) => states?.find((s) => s.name === name)?.state;
    return [
      { key: 'name', title: settingName('route', 'name'), text: (r) => r.name,
        render: (r) => <Edit to={`/federation/routes/${seg(r.name)}`} right="route.write" name={r.name} /> },
      { key: 'state', title: t('routes.live.state'), text: (r) => stateOf(r.name) ?? '',
        render: (r) => (stateOf(r.name) ? <RouteBadge state={stateOf(r.name)!} /> : '–') },
      { key: 'kind', title: settingName('route', 'kind'), text: (r) => settingValue(r.kind) },
      { key: 'next_hop', title: settingName('route', 'next_hop'), text: (r) => r.next_hop },
      { key: 'transport', title: settingName('route', 'transport'), text: (r) => settingValue(r.transport) },
      { key: 'sources', title: settingName('route', 'sources'),
        text: (r) => (r.sources.length ? r.sources.join(', ') : t('routes.likeNextHop')) },
      { key: 'description', title: settingName('route', 'description'), text: (r) => r.description ?? '' },
      { key: 'actions', title: t('objects.actions'), text: () => '', unsorted: true,
        render: (r) => <Remove kind="route" name={r.name} /> },
    ];
  }, [t, states]);
  return (
    <section className={styles.part} aria-labelledby="routes-title">
      <div className={styles.head}>
        <Subtitle1 as="h2" id="routes-title">{t('routes.routes')}</Subtitle1>
        <Can right="route.write">
          <Button icon={<Icon name="add" />} onClick={() => go('/federation/routes/new')}>{t('routes.newRoute')}</Button>
        </Can>
      </div>
      <DataList label={t('routes.routes')} items={list.data?.items} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(r) => r.name} rowName={(r) => r.name} empty={<p>{t('routes.noRoutes')}</p>} />
    </section>
  );
}

function Domains() {
  const { t } = useTranslation();
  const styles = useStyles();
  const go = useNavigate();
  const list = useList<LocalDomain>(areas.config, '/domains');
  const columns = useMemo<Column<LocalDomain>[]>(() => [
    { key: 'domain', title: settingName('domain', 'domain'), text: (d) => d.domain_unicode,
      render: (d) => <Edit to={`/federation/domains/${seg(d.domain)}`} right="domain.write" name={d.domain_unicode} /> },
    { key: 'route', title: settingName('domain', 'route'), text: (d) => d.route ?? '',
      render: (d) => d.route ?? <StateBadge tone="warn" text={t('routes.withoutRoute')} /> },
    { key: 'description', title: settingName('domain', 'description'), text: (d) => d.description ?? '' },
    { key: 'actions', title: t('objects.actions'), text: () => '', unsorted: true,
      render: (d) => <Remove kind="domain" name={d.domain} /> },
  ], [t]);
  return (
    <section className={styles.part} aria-labelledby="domains-title">
      <div className={styles.head}>
        <Subtitle1 as="h2" id="domains-title">{t('routes.domains')}</Subtitle1>
        <Can right="domain.write">
          <Button icon={<Icon name="add" />} onClick={() => go('/federation/domains/new')}>{t('routes.newDomain')}</Button>
        </Can>
      </div>
      <DataList label={t('routes.domains')} items={list.data?.items} error={list.error} retry={() => void list.refetch()}
        columns={columns} rowKey={(d) => d.domain} rowName={(d) => d.domain_unicode} empty={<p>{t('routes.noDomains')}</p>} />
    </section>
  );
}

export default function RoutesAndDomains() {
  const { t } = useTranslation();
  return (
    <Page title={t('nav.routes')} intro={t('routes.intro')}>
      <Can right="route.read"><Routes /></Can>
      <Can right="domain.read"><Domains /></Can>
    </Page>
  );
}
