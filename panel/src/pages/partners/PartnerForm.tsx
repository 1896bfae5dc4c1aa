/** New and Edit: the manual's fields in the manual's order, then those that only the shell had. */
import {
  Accordion, AccordionHeader, AccordionItem, AccordionPanel, Button, Input, Link, MessageBar, MessageBarActions,
  MessageBarBody, MessageBarTitle, Select, Spinner, Subtitle1, Switch, Text, Textarea, makeStyles, tokens,
} from '@fluentui/react-components';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import { isProblem } from '../../api/client';
import type { Partner } from '../../api/types';
import { useDraft, useSession, useUnsaved } from '../../session';
import {
  ConfirmDialog, ErrorPanel, Form, FormField, problemText, settingName, settingValue,
} from '../../ui';
import { Conflict } from './Conflict';
import { daemon } from './data';
import { addDomains } from './domains';
import { DomainsField } from './DomainsField';
import { Methods } from './Methods';
import {
  ADVANCED, changedFields, draftOf, isDirty, isField, LEVELS, NEGOTIATION, newDraft, patchOf, settingsOf, TYPES,
  withNegotiation, type Draft, type Field, type Negotiation,
} from './model';
import { listPath } from './paths';
import { usePlanned } from './Planned';
import { isNegotiationRefusal, Refusal } from './Refusal';
import { Rename } from './Rename';
import { useLeave } from './useLeave';

const useStyles = makeStyles({
  group: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, border: 0, margin: 0, padding: 0,
    minWidth: 0 },
  legend: { padding: 0, marginBottom: tokens.spacingVerticalM },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  key: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, alignItems: 'end',
    '& > :first-child': { flexGrow: 1 } },
});

export function PartnerForm({ existing }: { existing?: Partner }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const go = useNavigate();
  const may = useSession().has('partner.write');
  const initial = useMemo(() => (existing ? draftOf(existing) : newDraft()), [existing]);
  const draft = useDraft<Draft>(existing ? `partner:${existing.domain}` : 'partner:new', initial);
  const { value, base } = draft;
  const { leaving, leave } = useLeave();
  const dirty = isDirty(base, value);
  useUnsaved(dirty && !leaving, draft.clear);
  const planned = usePlanned();
  const { busy, problem, setProblem } = planned;
  const [theirs, setTheirs] = useState<Partner | null>(null);
  const [gone, setGone] = useState(false);
  const unsure = useRef(false);
  const [showAdvanced, setShowAdvanced] = useState(false);
  const advanced = showAdvanced || (isProblem(problem) && isField(problem.field) && ADVANCED.includes(problem.field));
  const patch = (part: Partial<Draft>) => {
    draft.patch(part);
    // The ways out are of another choice than the one that stands there now.
    if (isNegotiationRefusal(problem) && NEGOTIATION.some((name) => name in part)) setProblem(null);
  };

  function done(text: string) {
    draft.clear();
    leave(listPath, text);
  }
  function commit(from: Draft = value, begin: Draft = base, again = false) {
    const mine = { ...from, additional_domains: addDomains(from.additional_domains, from.adding), adding: '' };
    if (from.adding) draft.set(mine);
    setGone(false);
    const key = existing?.domain ?? '';
    const adds = !existing || again;
    void planned.run({
      ask: adds
        ? { verb: 'add', key: again ? key : mine.domain.trim(), settings: settingsOf(mine) }
        : { verb: 'set', key, settings: patchOf(begin, mine) },
      origin: adds ? null : { key, base: begin },
      onSaved: (changed) => done(t(changed ? 'partners.form.saved' : 'partners.form.unchanged', { name: mine.domain })),
      onConflict: setTheirs,
      onGone: () => setGone(true),
    });
  }
  useEffect(() => {
    // No answer came: it may have been saved. When it now exists as it was typed, it was.
    if (!isProblem(problem)) return;
    if (problem.code === 'no_answer') unsure.current = true;
    if (problem.code !== 'exists' || !unsure.current || existing) return;
    void daemon.read(value.domain).then((now) => {
      if (now && changedFields(draftOf(now.item), { ...value, domain: draftOf(now.item).domain }).length === 0)
        done(t('partners.form.saved', { name: value.domain }));
    }).catch(() => undefined);
    // Only a new problem is looked at.
  }, [problem]);

  function take(n: Negotiation) {
    const next = withNegotiation(value, n);
    draft.set(next);
    setProblem(null);
    commit(next);
  }
  const changedThere = existing && dirty && changedFields(base, draftOf(existing)).length > 0;

  return (
    <>
      <Form problem={problem} onSubmit={() => may && commit()} aria-label={t('partners.form.label')}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.nativeEvent.isComposing || e.keyCode === 229)) e.preventDefault();
          // Not from a dialog, which stands elsewhere in the document.
          const own = e.currentTarget.contains(e.target as Node);
          if (e.key === 'Escape' && own && !e.defaultPrevented && !e.nativeEvent.isComposing) go(listPath);
        }}>
        <Summary problem={problem} />
        {draft.restored && dirty ? (
          <MessageBar intent="info" layout="multiline">
            <MessageBarBody>{t('partners.form.restored')}</MessageBarBody>
            <MessageBarActions>
              <Button type="button" onClick={draft.clear}>{t('partners.form.startAnew')}</Button>
            </MessageBarActions>
          </MessageBar>
        ) : null}
        {changedThere ? (
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>{t('partners.form.changedThere')}</MessageBarBody>
          </MessageBar>
        ) : null}
        <fieldset className={styles.group} disabled={!may}>
          <div className={styles.key}>
            <FormField name="domain" problem={problem} label={settingName('partner', 'domain')} required
              hint={existing ? t('partners.form.fixed') : t('partners.form.domainHint')}>
              <Input value={value.domain} readOnly={existing !== undefined} autoComplete="off" spellCheck={false}
                inputMode="url" onChange={(_, d) => patch({ domain: d.value })} />
            </FormField>
            {existing && may ? <Rename partner={existing} base={base} disabled={dirty} /> : null}
          </div>
          <FormField name="description" problem={problem} label={settingName('partner', 'description')}>
            <Textarea value={value.description} resize="vertical" onChange={(_, d) => patch({ description: d.value })} />
          </FormField>
          <DomainsField list={value.additional_domains} adding={value.adding} problem={problem}
            onChange={(additional_domains, adding) => patch({ additional_domains, adding })} />
          <FormField name="partner_type" problem={problem} label={settingName('partner', 'partner_type')} required
            hint={t(`partners.typeHint.${value.partner_type}`)}>
            <Select value={value.partner_type}
              onChange={(_, d) => patch({ partner_type: d.value as Draft['partner_type'] })}>
              {TYPES.map((v) => <option key={v} value={v}>{settingValue(v)}</option>)}
            </Select>
          </FormField>
        </fieldset>
        <fieldset className={styles.group} disabled={!may}>
          <legend className={styles.legend}><Subtitle1 as="h2">{t('partners.form.connection')}</Subtitle1></legend>
          {(['tls_negotiation', 'sasl_negotiation'] as const).map((name) => (
            <FormField key={name} name={name} problem={problem} label={settingName('partner', name)}
              hint={t(`partners.form.${name}`)}>
              <Select value={value[name]} onChange={(_, d) => patch({ [name]: d.value as Draft['tls_negotiation'] })}>
                {LEVELS.map((v) => <option key={v} value={v}>{settingValue(v)}</option>)}
              </Select>
            </FormField>
          ))}
          <FormField name="support_dialback_negotiation" problem={problem}
            label={settingName('partner', 'support_dialback_negotiation')} hint={t('partners.form.dialback')}>
            <Select value={String(value.support_dialback_negotiation)}
              onChange={(_, d) => patch({ support_dialback_negotiation: d.value === 'true' })}>
              <option value="true">{t('partners.form.true')}</option>
              <option value="false">{t('partners.form.false')}</option>
            </Select>
          </FormField>
        </fieldset>
        <Refusal problem={problem} onTake={take} busy={busy} />
        <Methods choice={choiceOf(value)} refusalShown={isNegotiationRefusal(problem)} />
        <Accordion collapsible openItems={advanced ? ['advanced'] : []} onToggle={() => setShowAdvanced(!advanced)}>
          <AccordionItem value="advanced">
            <AccordionHeader as="h2">{t('partners.form.advanced')}</AccordionHeader>
            <AccordionPanel>
              <fieldset className={styles.group} disabled={!may}>
                <FormField name="enable_keep_alive" problem={problem} hint={t('partners.form.keepAlive')}>
                  <Switch label={settingName('partner', 'enable_keep_alive')} checked={value.enable_keep_alive}
                    onChange={(_, d) => patch({ enable_keep_alive: d.checked })} />
                </FormField>
                <FormField name="proxy_fqdn" problem={problem} label={settingName('partner', 'proxy_fqdn')}
                  hint={t('partners.form.proxy')}>
                  <Input value={value.proxy_fqdn} autoComplete="off" spellCheck={false} placeholder="proxy.example.com:5269"
                    onChange={(_, d) => patch({ proxy_fqdn: d.value })} />
                </FormField>
                <FormField name="connection_limit" problem={problem} label={settingName('partner', 'connection_limit')}
                  hint={t('partners.form.limit')}>
                  <Input value={value.connection_limit} autoComplete="off" inputMode="numeric"
                    onChange={(_, d) => patch({ connection_limit: d.value })} />
                </FormField>
                <FormField name="enabled" problem={problem} hint={t('partners.form.enabled')}>
                  <Switch label={settingName('partner', 'enabled')} checked={value.enabled}
                    onChange={(_, d) => patch({ enabled: d.checked })} />
                </FormField>
              </fieldset>
            </AccordionPanel>
          </AccordionItem>
        </Accordion>
        <div className={styles.buttons}>
          {may ? (
            <Button type="submit" appearance="primary" disabled={busy} title={t('action.commitHint')}
              icon={busy ? <Spinner size="tiny" /> : undefined}>{t('action.commit')}</Button>
          ) : null}
          <Button type="button" onClick={() => go(listPath)}>{may ? t('action.cancel') : t('action.close')}</Button>
        </div>
      </Form>
      {planned.dialog}
      <Conflict base={base} mine={value} theirs={theirs} onCancel={() => setTheirs(null)}
        onResolved={(begin, next) => {
          setTheirs(null);
          draft.rebase(begin, next);
          commit(next, begin);
        }} />
      <ConfirmDialog open={gone} title={t('partners.gone.title')} text={t('partners.gone.text', { name: value.domain })}
        confirm={t('partners.gone.again')} onConfirm={() => commit(value, base, true)} onCancel={() => setGone(false)} />
    </>
  );
}

function choiceOf(d: Draft): Negotiation {
  return {
    tls_negotiation: d.tls_negotiation,
    sasl_negotiation: d.sasl_negotiation,
    support_dialback_negotiation: d.support_dialback_negotiation,
  };
}

/** What was refused, above the form: with the name of the field, which it leads to. */
function Summary({ problem }: { problem: unknown }) {
  const { t } = useTranslation();
  if (!problem) return null;
  const field = isProblem(problem) && isField(problem.field) ? problem.field : null;
  const code = isProblem(problem) ? problem.code : undefined;
  if (!field) return <div data-code={code}><ErrorPanel error={problem} title={t('partners.form.notSaved')} /></div>;
  return (
    <MessageBar intent="error" layout="multiline" role="alert" data-code={code}>
      <MessageBarBody>
        <MessageBarTitle>{t('partners.form.notSaved')}</MessageBarTitle>
        <Link as="button" type="button" inline onClick={() => focusField(field)}>{settingName('partner', field)}</Link>
        {': '}{problemText(problem)}
      </MessageBarBody>
    </MessageBar>
  );
}

function focusField(name: Field) {
  document.querySelector<HTMLElement>(`[data-field="${name}"] :is(input, select, textarea, button)`)?.focus();
}

/** Shown in place of a form that cannot be filled yet. */
export function Waiting({ error, retry }: { error: unknown; retry(): void }) {
  const { t } = useTranslation();
  if (error) return <ErrorPanel error={error} retry={retry} />;
  return <Text><Spinner label={t('list.loading')} /></Text>;
}
