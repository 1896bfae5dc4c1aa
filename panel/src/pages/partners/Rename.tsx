/** The key of a partner is fixed: another name is a removal and an addition in one transaction. */
import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Input, Spinner, Text,
} from '@fluentui/react-components';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import { isProblem } from '../../api/client';
import type { Partner } from '../../api/types';
import { useSession } from '../../session';
import { ErrorPanel, Form, FormField, Modal } from '../../ui';
import { draftOf, renameChanges, shownDomain, type Draft } from './model';
import { listPath, showPath } from './paths';
import { usePlanned } from './Planned';
import { useLeave } from './useLeave';

export function Rename({ partner, base, disabled }: { partner: Partner; base: Draft; disabled: boolean }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const { leave } = useLeave();
  const may = useSession().has('config.change');
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const planned = usePlanned(<Text>{t('partners.rename.plan')}</Text>);
  if (!may) return null;

  function rename() {
    void planned.run({
      ask: { verb: 'several', changes: renameChanges(partner.domain, { ...draftOf(partner), domain: name }) },
      origin: { key: partner.domain, base },
      mayBeQuiet: false,
      title: t('partners.rename.title', { name: shownDomain(partner) }),
      onSaved: () => leave(showPath(name.trim()), t('partners.rename.done', { from: shownDomain(partner), to: name })),
      onConflict: () => go(listPath),
      onGone: () => go(listPath),
    });
  }
  const { problem } = planned;
  // It stands in the partner's form: what happens in its dialog is not for that one.
  const stop = (e: SyntheticEvent) => e.stopPropagation();
  return (
    <span onSubmit={stop} onKeyDown={stop}>
      <Button type="button" disabled={disabled} title={disabled ? t('partners.rename.first') : undefined}
        onClick={() => setOpen(true)}>{t('partners.rename.button')}</Button>
      <Modal open={open} onOpenChange={(_, d) => setOpen(d.open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>{t('partners.rename.title', { name: shownDomain(partner) })}</DialogTitle>
            <DialogContent>
              <Form id="rename" problem={problem} onSubmit={rename}>
                <Text>{t('partners.rename.text')}</Text>
                {problem && !(isProblem(problem) && problem.field === 'domain') ? <ErrorPanel error={problem} /> : null}
                <FormField name="domain" problem={problem} label={t('partners.rename.name')} required>
                  <Input value={name} autoComplete="off" spellCheck={false} onChange={(_, d) => setName(d.value)} />
                </FormField>
              </Form>
            </DialogContent>
            <DialogActions>
              <Button type="submit" form="rename" appearance="primary" disabled={planned.busy}
                icon={planned.busy ? <Spinner size="tiny" /> : undefined}>{t('partners.rename.next')}</Button>
              <Button onClick={() => setOpen(false)}>{t('action.cancel')}</Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Modal>
      {planned.dialog}
    </span>
  );
}
