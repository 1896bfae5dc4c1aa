/** Somebody else changed the same object: who, what, and what becomes of what was typed. */
import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, MessageBar, MessageBarBody,
  Radio, RadioGroup, Text, makeStyles, tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { AuditEntry, Items } from '../api/types';
import { useSession } from '../session';
import { absolute, settingName, settingValue, Modal } from '../ui';
import { isList, type KindInfo, type Setting } from './kinds';
import { merge, resolve, splitList, type Draft } from './model';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM,
    // It scrolls: nothing in it gets lower than its text.
    '& > *': { flexShrink: 0 } },
});

const shown = (s: Setting, d: Draft) =>
  settingValue(isList(s) ? splitList(String(d[s.name] ?? '')) : d[s.name]);

/** Who it was, for those who may read the audit log. */
function useCulprit(kind: string, key: string) {
  const { has } = useSession();
  return useQuery({
    queryKey: ['audit', 'last', kind, key],
    enabled: has('audit.read'),
    queryFn: async ({ signal }) =>
      (await api.get<Items<AuditEntry>>('/audit', { query: { kind, key, limit: 1 }, signal })).data.items[0] ?? null,
    gcTime: 0,
  }).data;
}

export function ConflictDialog({ info, name, base, mine, theirs, onResolve, onDiscard, onCancel }: {
  info: KindInfo;
  name: string;
  base: Draft;
  mine: Draft;
  theirs: Draft;
  /** What the form goes on with. */
  onResolve(merged: Draft): void;
  /** What was typed is dropped. */
  onDiscard(): void;
  onCancel(): void;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const who = useCulprit(info.kind, name);
  const merged = useMemo(() => merge(info, base, mine, theirs), [info, base, mine, theirs]);
  const [choices, setChoices] = useState<Record<string, 'mine' | 'theirs'>>({});
  return (
    <Modal open modalType="alert" onOpenChange={(_, data) => !data.open && onCancel()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('conflict.title')}</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>{who ? t('conflict.who', { who: who.who, at: absolute(who.at) }) : t('conflict.someone')}</Text>
            {merged.taken.length > 0 ? (
              <MessageBar layout="multiline">
                <MessageBarBody>
                  {t('conflict.taken')}
                  <ul>
                    {merged.taken.map((s) => (
                      <li key={s.name}>{t('conflict.field', { name: settingName(info.kind, s.name), value: shown(s, theirs) })}</li>
                    ))}
                  </ul>
                </MessageBarBody>
              </MessageBar>
            ) : null}
            {merged.asked.map((s) => (
              <fieldset key={s.name}>
                <legend>{settingName(info.kind, s.name)}</legend>
                <RadioGroup value={choices[s.name] ?? 'mine'}
                  onChange={(_, data) => setChoices({ ...choices, [s.name]: data.value as 'mine' | 'theirs' })}>
                  <Radio value="mine" label={t('conflict.mine', { value: shown(s, mine) })} />
                  <Radio value="theirs" label={t('conflict.theirs', { value: shown(s, theirs) })} />
                </RadioGroup>
              </fieldset>
            ))}
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" onClick={() => onResolve(resolve(merged, theirs, choices))}>{t('conflict.go')}</Button>
            <Button onClick={onDiscard}>{t('conflict.discard')}</Button>
            <Button onClick={onCancel}>{t('action.cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Modal>
  );
}
