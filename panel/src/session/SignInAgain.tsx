import {
  Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useSession } from './session';
import { SignInForm } from './SignInForm';
import { sessions } from './store';

/** Over the page whose session has ended: what was typed there stays. */
export function SignInAgain() {
  const { t } = useTranslation();
  const { name } = useSession();
  return (
    <Dialog open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('signIn.endedTitle')}</DialogTitle>
          <DialogContent>
            <p>{t('signIn.endedText')}</p>
            <SignInForm name={name} />
          </DialogContent>
          <DialogActions>
            <Button onClick={sessions.abandon}>{t('signIn.other')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
