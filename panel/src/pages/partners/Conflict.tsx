/** Somebody else changed the partner that is being edited: who, what, and what shall hold. */
import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Radio, RadioGroup, Field, Text,
  makeStyles, tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Partner } from '../../api/types';
import { settingName, settingValue, Time, Modal } from '../../ui';
import { answered, bothLists, merge, resolve, type Choice, type Choices } from './conflict';
import { useHistory } from './data';
import { draftOf, type Draft, type Field as Name } from './model';

const useStyles = makeStyles({
  surface: { maxWidth: '44rem' },
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM,
    // It scrolls: nothing in it gets lower than its text.
    '& > *': { flexShrink: 0 } },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalXL },
  value: { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' },
});

interface Props {
  base: Draft;
  mine: Draft;
  /** null: there is no conflict. */
  theirs: Partner | null;
  /** The form goes on with this, from what is in force now. */
  onResolved(base: Draft, draft: Draft): void;
  onCancel(): void;
}

export function Conflict({ theirs, ...rest }: Props) {
  const styles = useStyles();
  return (
    <Modal open={theirs !== null} modalType="alert" onOpenChange={(_, d) => !d.open && rest.onCancel()}>
      <DialogSurface className={styles.surface}>
        {theirs ? <Questions {...rest} theirs={theirs} /> : null}
      </DialogSurface>
    </Modal>
  );
}

function Who({ domain }: { domain: string }) {
  const { t } = useTranslation();
  const { data } = useHistory(domain, 1);
  const last = data?.[0];
  if (!last) return <Text>{t('partners.conflict.someone')}</Text>;
  return <Text>{t('partners.conflict.who', { who: last.who })} <Time value={last.at} short /></Text>;
}

function Questions({ base, mine, theirs: partner, onResolved, onCancel }: Props & { theirs: Partner }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const theirs = draftOf(partner);
  const [choices, setChoices] = useState<Choices>({});
  const { taken, asked } = merge(base, mine, theirs);
  const show = (name: Name, d: Draft) => settingValue(d[name]);
  const choose = (name: Name, choice: Choice) => setChoices({ ...choices, [name]: choice });
  return (
    <DialogBody>
      <DialogTitle>{t('partners.conflict.title')}</DialogTitle>
      <DialogContent className={styles.content}>
        <Who domain={partner.domain} />
        {taken.length > 0 ? (
          <div>
            <Text weight="semibold" block>{t('partners.conflict.taken')}</Text>
            <ul className={styles.list}>
              {taken.map((name) => (
                <li key={name} className={styles.value}>
                  {t('partners.conflict.change', {
                    field: settingName('partner', name), before: show(name, base), after: show(name, theirs),
                  })}
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {asked.map((name) => (
          <Field key={name} label={t('partners.conflict.ask', { field: settingName('partner', name) })}>
            <RadioGroup value={choices[name] ?? ''} onChange={(_, d) => choose(name, d.value as Choice)}>
              <Radio value="mine" label={t('partners.conflict.mine', { value: show(name, mine) })} />
              <Radio value="theirs" label={t('partners.conflict.theirs', { value: show(name, theirs) })} />
              {name === 'additional_domains' ? (
                <Radio value="both"
                  label={t('partners.conflict.both', { value: settingValue(bothLists(base, mine, theirs)) })} />
              ) : null}
            </RadioGroup>
          </Field>
        ))}
        <Text>{t('partners.conflict.kept')}</Text>
      </DialogContent>
      <DialogActions>
        <Button appearance="primary" disabled={!answered(asked, choices)}
          onClick={() => onResolved(theirs, resolve(base, mine, theirs, choices))}>
          {t('partners.conflict.goOn')}
        </Button>
        <Button onClick={onCancel}>{t('action.cancel')}</Button>
      </DialogActions>
    </DialogBody>
  );
}
