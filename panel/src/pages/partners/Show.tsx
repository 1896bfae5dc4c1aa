/** A partner's page: what is set, how it is, what was tried, a test, and who changed it. */
import { Button } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router-dom';
import type { Partner } from '../../api/types';
import { Can, useSession } from '../../session';
import { ErrorPanel, Icon, Page, settingName, settingValue, useNotify, warningText } from '../../ui';
import { useHistory, usePartner, usePartnerState, type OnePartner } from './data';
import { Attempts, Facts, History, refusedBelow, Section, State, Streams } from './Live';
import { MethodsTable, Warnings } from './Methods';
import { ADVANCED, draftOf, FIELDS, shownDomain } from './model';
import { editPath, listPath } from './paths';
import { Waiting } from './PartnerForm';
import { usePlanned } from './Planned';
import { Test } from './Test';
import { useLeave } from './useLeave';

export default function ShowPartner() {
  const { t } = useTranslation();
  const { domain = '' } = useParams();
  const { data, error, refetch } = usePartner(domain);
  if (data) return <Shown one={data} />;
  return (
    <Page title={t('partners.showTitle', { name: domain })}>
      <Waiting error={error} retry={() => void refetch()} />
    </Page>
  );
}

function useActions(partner: Partner) {
  const { t } = useTranslation();
  const go = useNavigate();
  const notify = useNotify();
  const { leave } = useLeave();
  const planned = usePlanned();
  const name = shownDomain(partner);
  const key = partner.domain;
  // What was shown here is what was asked to be changed: no more than that is guarded.
  const origin = { key, base: draftOf(partner) };
  const again = () => notify(t('partners.show.changedMeanwhile', { name }));
  return {
    planned,
    enable: (enabled: boolean) => void planned.run({
      ask: { verb: 'set', key, settings: { enabled } },
      origin,
      onSaved: () => notify(t(enabled ? 'partners.show.enabled' : 'partners.show.disabled', { name })),
      onConflict: again,
      onGone: () => go(listPath),
    }),
    remove: () => void planned.run({
      ask: { verb: 'remove', key },
      origin,
      mayBeQuiet: false,
      title: t('partners.show.removeTitle', { name }),
      onSaved: () => leave(listPath, t('partners.show.removed', { name })),
      onConflict: again,
      onGone: () => go(listPath),
    }),
    addDomain: (domain: string) => void planned.run({
      ask: { verb: 'set', key, settings: { additional_domains: [...partner.additional_domains, domain] } },
      origin,
      onSaved: () => notify(t('partners.form.saved', { name })),
      onConflict: again,
      onGone: () => go(listPath),
    }),
  };
}

function Settings({ one }: { one: OnePartner }) {
  const { t } = useTranslation();
  const draft = draftOf(one.item);
  const fields = [...FIELDS.filter((f) => !ADVANCED.includes(f)), ...ADVANCED];
  const own = one.warnings.filter((w) => !one.negotiation.warnings.includes(w.code));
  return (
    <Section title={t('partners.show.settings')} id="partner-settings">
      <Facts items={fields.map((f) => [settingName('partner', f), settingValue(draft[f])] as const)} />
      <MethodsTable verdict={one.negotiation} />
      <Warnings codes={one.negotiation.warnings} />
      {own.map((w, i) => <p key={i}>{warningText(w)}</p>)}
    </Section>
  );
}

function Shown({ one }: { one: OnePartner }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const { has } = useSession();
  const partner = one.item;
  const name = shownDomain(partner);
  const { planned, enable, remove, addDomain } = useActions(partner);
  const { may, state, streams, attempts } = usePartnerState(partner.domain);
  const history = useHistory(partner.domain, 50);
  return (
    <Page title={t('partners.showTitle', { name })} actions={
      <Can right="partner.write">
        <Button appearance="primary" icon={<Icon name="edit" />} onClick={() => go(editPath(partner.domain))}>
          {t('action.edit')}
        </Button>
        <Button disabled={planned.busy} onClick={() => enable(!partner.enabled)}>
          {t(partner.enabled ? 'partners.bulk.disable' : 'partners.bulk.enable')}
        </Button>
        <Button disabled={planned.busy} icon={<Icon name="remove" />} onClick={remove}>{t('action.delete')}</Button>
      </Can>
    }>
      {planned.problem ? <ErrorPanel error={planned.problem} /> : null}
      {may && state.data ? <State state={state.data} /> : null}
      {may ? <Streams streams={streams.data} error={streams.error} /> : null}
      {has('test.run') ? <Test domain={partner.domain} /> : null}
      {may && attempts.data ? (
        <Attempts attempts={attempts.data} offers={refusedBelow(partner, attempts.data)}
          onOffer={has('partner.write') ? addDomain : undefined} />
      ) : null}
      <Settings one={one} />
      {history.may ? <History entries={history.data} error={history.error} /> : null}
      {planned.dialog}
    </Page>
  );
}
