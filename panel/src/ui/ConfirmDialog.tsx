import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Spinner,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from './ErrorPanel';
import { Modal } from './Modal';

export interface ConfirmProps {
  open: boolean;
  title: string;
  text?: ReactNode;
  children?: ReactNode;
  confirm: string;
  cancel?: string;
  danger?: boolean;
  busy?: boolean;
  /** Something must be done in the dialog first. */
  notYet?: boolean;
  error?: unknown;
  onConfirm(): void;
  onCancel(): void;
}

/** A question that must be answered. */
export function ConfirmDialog(props: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Modal open={props.open} modalType="alert" onOpenChange={(_, data) => !data.open && props.onCancel()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{props.title}</DialogTitle>
          <DialogContent>
            {props.text}
            {props.children}
            {props.error ? <ErrorPanel error={props.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button appearance={props.danger ? 'secondary' : 'primary'} disabled={props.busy || props.notYet}
              icon={props.busy ? <Spinner size="tiny" /> : undefined} onClick={props.onConfirm}>
              {props.confirm}
            </Button>
            <Button appearance={props.danger ? 'primary' : 'secondary'} onClick={props.onCancel}>
              {props.cancel ?? t('action.cancel')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Modal>
  );
}
