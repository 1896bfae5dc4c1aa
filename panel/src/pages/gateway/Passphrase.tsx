/** The secret behind dialback keys: it can be set or made anew, and never be seen. */
import { Button, Field, Input, Subtitle1, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { changed } from '../../api/queries';
import type { Changed } from '../../api/types';
import type { Work } from '../../objects/commit';
import type { KindInfo } from '../../objects/kinds';
import { useCommit } from '../../objects/useCommit';
import { Can } from '../../session';
import { ErrorPanel, Form, fieldError, settingName, useNotify } from '../../ui';

const name = 'dialback_passphrase';
const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS, maxWidth: '44rem' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

/** An empty one asks the service to make one. */
const workOf = (passphrase: string): Work => ({
  send: async ({ dryRun, generation }) => (await api.patch<Changed>('/gateway',
    { body: { [name]: passphrase }, dryRun, ifMatch: dryRun ? undefined : generation })).data,
  alwaysShow: true,
});

export function Passphrase({ info, isSet }: { info: KindInfo; isSet: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const queries = useQueryClient();
  const [typed, setTyped] = useState('');
  const commit = useCommit({
    title: t('gateway.passphrase.title'),
    label: t('gateway.passphrase.change'),
    children: <Text>{t('gateway.passphrase.effect')}</Text>,
    onSaved: () => {
      setTyped('');
      void changed(queries);
      notify(t('gateway.passphrase.changed'));
    },
  });
  const setting = info.settings.find((s) => s.name === name);
  const error = fieldError(commit.problem, name);
  return (
    <section className={styles.part} aria-labelledby="passphrase-title">
      <Subtitle1 as="h2" id="passphrase-title">{settingName('gateway', name)}</Subtitle1>
      <Text>{t(isSet ? 'gateway.passphrase.isSet' : 'gateway.passphrase.isNotSet')}</Text>
      <Can right="gateway.write">
        <Form onSubmit={() => typed && commit.run(workOf(typed))} problem={commit.problem} aria-labelledby="passphrase-title">
          {commit.problem && !error ? <ErrorPanel error={commit.problem} /> : null}
          <Field data-field={name} label={t('gateway.passphrase.own')} validationMessage={error}
            validationState={error ? 'error' : 'none'}
            hint={t('gateway.passphrase.hint', { min: setting?.min ?? 16, max: setting?.max ?? 256 })}>
            <Input type="password" autoComplete="new-password" value={typed} onChange={(_, d) => setTyped(d.value)} />
          </Field>
          <div className={styles.actions}>
            <Button type="submit" disabled={!typed || commit.busy}>{t('gateway.passphrase.set')}</Button>
            <Button disabled={commit.busy} onClick={() => commit.run(workOf(''))}>{t('gateway.passphrase.make')}</Button>
          </div>
        </Form>
      </Can>
      {commit.dialog}
    </section>
  );
}
