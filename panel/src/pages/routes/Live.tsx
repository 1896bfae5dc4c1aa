/** How a SIP route is just now: its targets, connections and last errors, and a test of it. */
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, seg } from '../../api/client';
import type { RouteConnection, RouteError, RouteState, RouteTarget } from '../../api/types';
import { useSession } from '../../session';
import { DataList, ErrorPanel, StateBadge, Time, settingName, settingValue, type Column, type Tone } from '../../ui';
import { Facts, Section } from '../partners/Live';
import { TestRun } from '../partners/Test';

const tones: Record<string, Tone> = {
  up: 'good', suspect: 'warn', down: 'bad', unresolved: 'bad', dead: 'bad', resting: 'warn', open: 'good',
};

/** Events say nothing of SIP: it is asked for again while it is looked at. */
const AGAIN_MS = 5000;

export function useRouteStates(enabled: boolean) {
  return useQuery({
    queryKey: ['route-states'],
    enabled,
    refetchInterval: AGAIN_MS,
    queryFn: async ({ signal }) => (await api.get<{ items: RouteState[] }>('/route-states', { signal })).data.items,
  });
}

function useRouteState(name: string) {
  return useQuery({
    queryKey: ['route-states', name],
    refetchInterval: AGAIN_MS,
    queryFn: async ({ signal }) => (await api.get<RouteState>(`/routes/${seg(name)}/state`, { signal })).data,
  });
}

export function RouteBadge({ state }: { state: string }) {
  const { t } = useTranslation();
  return <StateBadge tone={tones[state] ?? 'quiet'} text={t([`routes.state.${state}`, 'routes.state.other'], { state })} />;
}

const limit = (n: number | null) => (n === null ? '–' : String(n));

function State({ state }: { state: RouteState }) {
  const { t } = useTranslation();
  return (
    <Section title={t('routes.live.title')} id="route-state">
      <Facts items={[
        [t('routes.live.state'), <RouteBadge state={state.state} />],
        [t('routes.live.target'), state.target ?? '–'],
        [t('routes.live.resolved'), <Time value={state.resolved} />],
        [t('routes.live.requests'), t('partners.state.inOut', { in: state.requests_in, out: state.requests_out })],
        [t('routes.live.answered'), t('routes.live.outcome', {
          answered: state.answered, timeouts: state.timeouts, unreachable: state.unreachable })],
        [t('routes.live.failovers'), String(state.failovers)],
        [t('routes.live.sessions'), String(state.sessions)],
        [t('routes.live.refused'), t('routes.live.refusals', {
          forged: state.forged_from, rate: state.over_rate, sender: state.over_sender_rate })],
        [settingName('route', 'receive_rate'), limit(state.receive_rate)],
        [settingName('route', 'sender_rate'), limit(state.sender_rate)],
        [settingName('route', 'send_rate'), limit(state.send_rate)],
        ...(state.credentials_refused_until ? [[t('routes.live.credentials'),
          <Time value={state.credentials_refused_until} short />] as const] : []),
      ]} />
    </Section>
  );
}

function Targets({ items }: { items: RouteTarget[] }) {
  const { t } = useTranslation();
  const columns: Column<RouteTarget>[] = [
    { key: 'address', title: t('routes.live.address'), text: (x) => x.address },
    { key: 'host', title: t('routes.live.host'), text: (x) => x.host ?? '–' },
    { key: 'transport', title: settingName('route', 'transport'), text: (x) => settingValue(x.transport) },
    { key: 'state', title: t('routes.live.state'), text: (x) => x.state, render: (x) => <RouteBadge state={x.state} /> },
    { key: 'since', title: t('routes.live.since'), text: (x) => x.since ?? '', render: (x) => <Time value={x.since} short /> },
    { key: 'outcome', title: t('routes.live.answered'), text: (x) => t('routes.live.outcome', {
      answered: x.answered, timeouts: x.timeouts, unreachable: x.unreachable }) },
  ];
  return (
    <Section title={t('routes.live.targets')} id="route-targets">
      <DataList label={t('routes.live.targets')} items={items} columns={columns} noSearch rowKey={(x) => `${x.address} ${x.transport}`}
        rowName={(x) => x.address} empty={<p>{t('routes.live.noTargets')}</p>} />
    </Section>
  );
}

function Connections({ items }: { items: RouteConnection[] }) {
  const { t } = useTranslation();
  const columns: Column<RouteConnection>[] = [
    { key: 'peer', title: t('routes.live.address'), text: (x) => x.peer ?? '–' },
    { key: 'direction', title: t('partners.streams.direction'), text: (x) => t(`partners.direction.${x.direction}`) },
    { key: 'state', title: t('routes.live.state'), text: (x) => x.state, render: (x) => <RouteBadge state={x.state} /> },
    { key: 'tls', title: 'TLS', text: (x) => [x.tls, x.cipher].filter(Boolean).join(', ') || '–' },
    { key: 'names', title: t('partners.certificate.names'), text: (x) => x.names ?? '–' },
    { key: 'until', title: t('partners.certificate.until'), text: (x) => x.certificate_expires ?? '',
      render: (x) => <Time value={x.certificate_expires} short /> },
    { key: 'since', title: t('routes.live.since'), text: (x) => x.since ?? '', render: (x) => <Time value={x.since} short /> },
    { key: 'messages', title: t('routes.live.requests'),
      text: (x) => t('partners.state.inOut', { in: x.messages_in, out: x.messages_out }) },
  ];
  return (
    <Section title={t('routes.live.connections')} id="route-connections">
      <DataList label={t('routes.live.connections')} items={items} columns={columns} noSearch
        rowKey={(x) => `${x.direction} ${x.peer} ${x.since}`} rowName={(x) => x.peer ?? ''}
        empty={<p>{t('routes.live.noConnections')}</p>} />
    </Section>
  );
}

function Errors({ items }: { items: RouteError[] }) {
  const { t } = useTranslation();
  const columns: Column<RouteError>[] = [
    { key: 'at', title: t('partners.history.at'), text: (x) => x.at ?? '', render: (x) => <Time value={x.at} short /> },
    { key: 'times', title: t('routes.live.times'), text: (x) => String(x.times) },
    { key: 'code', title: t('routes.live.error'), text: (x) => x.code, render: (x) => <span lang="en">{x.code}</span> },
    { key: 'target', title: t('routes.live.address'), text: (x) => x.target ?? '–' },
    { key: 'text', title: t('partners.history.what'), text: (x) => x.text ?? '–',
      render: (x) => <span lang="en">{x.text ?? '–'}</span> },
  ];
  return (
    <Section title={t('routes.live.errors')} id="route-errors">
      <DataList label={t('routes.live.errors')} items={items} columns={columns} noSearch
        rowKey={(x) => `${x.at} ${x.code} ${x.target}`} rowName={(x) => x.code} empty={<p>{t('routes.live.noErrors')}</p>} />
    </Section>
  );
}

export function RouteLive({ name }: { name: string }) {
  const { has } = useSession();
  const found = useRouteState(name);
  const state = found.data;
  return (
    <>
      {found.error && !state ? <ErrorPanel error={found.error} retry={() => void found.refetch()} /> : null}
      {state ? <State state={state} /> : null}
      {has('test.run') ? <TestRun id="route-test" body={{ route: name }} /> : null}
      {state ? (
        <>
          <Targets items={state.targets} />
          {state.transport === 'udp' ? null : <Connections items={state.connections} />}
          <Errors items={state.errors} />
        </>
      ) : null}
    </>
  );
}
