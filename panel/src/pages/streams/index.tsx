/** Every stream with partners, and the domain pairs that wait for one, as they are now. */
import { Button } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, isProblem, seg } from '../../api/client';
import { areas, useList, useLive } from '../../api/queries';
import type { Stream } from '../../api/types';
import { Can, useSession } from '../../session';
import { ConfirmDialog, DataList, LinkTo, Page, StateBadge, Time, useNotify, type Column, type Filter } from '../../ui';
import { streamTone } from './tones';

/** A pair that waits has no stream yet, hence no id. */
const keyOf = (s: Stream) => s.id ?? `${s.direction} ${s.local_domain} ${s.remote_domain}`;
const states = ['up', 'waiting', 'connecting', 'negotiating', 'closing'] as const;

export function useCloseStreams() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const notify = useNotify();
  return async (ids: readonly string[]) => {
    for (const id of ids) {
      try {
        await api.del(`/streams/${seg(id)}`);
      } catch (e) {
        // It has gone by itself: that is what was wanted.
        if (!isProblem(e) || e.status !== 404) throw e;
      }
    }
    notify(t('streams.closed', { count: ids.length }));
    await client.invalidateQueries({ queryKey: [areas.streams] });
  };
}

export default function Streams() {
  const { t } = useTranslation();
  useLive(['stream']);
  const streams = useList<Stream>(areas.streams, '/streams');
  const { has } = useSession();
  const close = useCloseStreams();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const columns = useMemo<Column<Stream>[]>(() => [
    { key: 'partner', title: t('streams.partner'), text: (s) => s.partner ?? s.remote_domain ?? s.peer ?? '–',
      render: (s) => (s.id
        ? <LinkTo to={`/streams/${seg(s.id)}`}>{s.partner ?? s.remote_domain ?? s.peer ?? s.id}</LinkTo>
        : s.partner ?? s.remote_domain ?? '–') },
    { key: 'state', title: t('streams.state'), text: (s) => t(`streams.is.${s.state}`),
      render: (s) => <StateBadge tone={streamTone(s)} text={t(`streams.is.${s.state}`)} /> },
    { key: 'direction', title: t('streams.direction'), text: (s) => t(`streams.${s.direction}`) },
    { key: 'local', title: t('streams.local'), text: (s) => s.local_domain ?? '–' },
    { key: 'remote', title: t('streams.remote'), text: (s) => s.remote_domain ?? '–' },
    { key: 'method', title: t('streams.method'), text: (s) => (s.method ? t(`partners.method.${s.method}`, { defaultValue: s.method }) : '–') },
    { key: 'since', title: t('streams.since'), text: (s) => s.since ?? '', render: (s) => <Time short value={s.since} never="–" /> },
    { key: 'stanzas', title: t('streams.stanzas'), number: true, text: (s) => `${s.stanzas_in} / ${s.stanzas_out}`,
      sort: (a, b) => a.stanzas_in + a.stanzas_out - b.stanzas_in - b.stanzas_out },
    { key: 'error', title: t('streams.lastError'), text: (s) => s.last_error_text ?? '',
      render: (s) => <span lang="en">{s.last_error_text ?? ''}</span> },
  ], [t]);
  const filters = useMemo<Filter<Stream>[]>(() => [
    { key: 'state', label: t('streams.state'), options: states.map((value) => ({ value, label: t(`streams.is.${value}`) })),
      matches: (s, value) => s.state === value },
    { key: 'direction', label: t('streams.direction'),
      options: (['in', 'out'] as const).map((value) => ({ value, label: t(`streams.${value}`) })),
      matches: (s, value) => s.direction === value },
  ], [t]);
  const ids = (streams.data?.items ?? []).flatMap((s) => (s.id && selected.has(s.id) ? [s.id] : []));

  async function closeThem() {
    setBusy(true);
    setError(null);
    try {
      await close(ids);
      setSelected(new Set());
      setAsking(false);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Page title={t('nav.streams')} intro={t('streams.intro')}>
      <DataList label={t('nav.streams')} items={streams.data?.items} error={streams.error} retry={() => void streams.refetch()}
        columns={columns} filters={filters} rowKey={keyOf} rowName={keyOf} empty={<p>{t('streams.none')}</p>}
        {...(has('stream.close') ? { selected, onSelect: setSelected } : {})}
        bulk={<Can right="stream.close"><Button disabled={ids.length === 0} onClick={() => setAsking(true)}>{t('streams.close')}</Button></Can>} />
      <ConfirmDialog open={asking} title={t('streams.closeTitle', { count: ids.length })} text={t('streams.closeText')}
        confirm={t('streams.close')} danger busy={busy} error={error} onConfirm={() => void closeThem()}
        onCancel={() => setAsking(false)} />
    </Page>
  );
}
