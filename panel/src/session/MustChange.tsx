import { Button, Title2, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { AwayBanner, Preferences } from '../layout';
import { ChangePassword } from './Password';
import { sessions } from './store';
import { EnrolTotp } from './Totp';

const useStyles = makeStyles({
  page: { maxWidth: '36rem', margin: '0 auto', padding: tokens.spacingHorizontalXL, display: 'flex', flexDirection: 'column',
    gap: tokens.spacingVerticalL },
  head: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', '& h1': { flexGrow: 1, margin: 0 } },
});

/** Signed in, but something has to be done before anything else is allowed. */
export function MustChange({ must }: { must: 'password' | 'totp' }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const done = () => void sessions.refresh();
  return (
    <main className={styles.page}>
      <div className={styles.head}>
        <Title2 as="h1">{t(must === 'totp' ? 'totp.title' : 'password.title')}</Title2><Preferences />
      </div>
      <AwayBanner />
      <p>{t(must === 'totp' ? 'totp.must' : 'password.must')}</p>
      {must === 'totp' ? <EnrolTotp onDone={done} /> : <ChangePassword onDone={done} />}
      <div><Button onClick={() => void sessions.signOut()}>{t('user.signOut')}</Button></div>
    </main>
  );
}
