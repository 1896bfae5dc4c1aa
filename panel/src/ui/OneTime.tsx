/** A secret that is shown once: copied, noted, and then gone. */
import {
  Button, Checkbox, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Text, makeStyles, tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Copy } from './Copy';
import { Modal } from './Modal';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  secret: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  text: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere', userSelect: 'all',
    padding: tokens.spacingVerticalS, backgroundColor: tokens.colorNeutralBackground3,
    color: tokens.colorNeutralForeground1 },
});

export function OneTime({ title, text, secret, what, onClose }: {
  title: string;
  /** What it is good for and for how long. */
  text: string;
  secret: string;
  /** Its name, for the button that copies. */
  what: string;
  onClose(): void;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [noted, setNoted] = useState(false);
  return (
    <Modal open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>{text}</Text>
            <div className={styles.secret}>
              <code className={styles.text} data-secret>{secret}</code>
              <Copy text={secret} what={what} />
            </div>
            <Checkbox checked={noted} label={t('oneTime.noted')} onChange={(_, d) => setNoted(d.checked === true)} />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" disabled={!noted} onClick={onClose}>{t('action.close')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Modal>
  );
}
