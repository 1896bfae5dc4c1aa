import { Title2, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { AwayBanner, Preferences } from '../layout';
import { SignInForm } from './SignInForm';

const useStyles = makeStyles({
  page: { minHeight: '100vh', display: 'grid', alignContent: 'center', justifyItems: 'center',
    backgroundColor: tokens.colorNeutralBackground2, padding: tokens.spacingHorizontalM, boxSizing: 'border-box' },
  card: { width: 'min(26rem, 100%)', boxSizing: 'border-box', padding: tokens.spacingHorizontalXXL,
    display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1, boxShadow: tokens.shadow8,
    border: `1px solid ${tokens.colorTransparentStroke}` },
  head: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', '& h1': { flexGrow: 1, margin: 0 } },
});

export function SignIn() {
  const { t } = useTranslation();
  const styles = useStyles();
  useEffect(() => {
    document.title = `${t('signIn.title')} – Entente`;
  }, [t]);
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.head}><Title2 as="h1">{t('app.name')}</Title2><Preferences /></div>
        <AwayBanner />
        <SignInForm />
      </div>
    </main>
  );
}
