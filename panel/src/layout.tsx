/** What stands around every page: header, navigation, notices, and the banners. */
import {
  Button, MessageBar, MessageBarActions, MessageBarBody, Select, Spinner, Text, makeStyles, mergeClasses, tokens,
} from '@fluentui/react-components';
import { Suspense, lazy, useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, Navigate, Outlet, useLocation } from 'react-router-dom';
import { connection } from './api/connection';
import { useLive } from './api/queries';
import { changeLanguage } from './i18n';
import { languages } from './i18n/languages';
import { federationTabs, firstPage, navigation } from './routes';
import { Expiry } from './session/Expiry';
import { usePhase, useSession } from './session/session';
import { UnsavedProvider } from './session/unsaved';
import { choices, useThemeChoice } from './theme/theme';
import { LinkTo } from './ui/LinkTo';
import { Icon } from './ui/icons';
import { Notices } from './ui/notice';

/** Dialogs need much code: it is read when the first one opens. */
const SignInAgain = lazy(async () => ({ default: (await import('./session/SignInAgain')).SignInAgain }));

const useStyles = makeStyles({
  frame: { display: 'grid', gridTemplateColumns: '15rem minmax(0, 1fr)', gridTemplateRows: 'auto 1fr',
    minHeight: '100vh', backgroundColor: tokens.colorNeutralBackground2,
    '@media (max-width: 800px)': { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: 'auto auto 1fr' } },
  skip: { position: 'absolute', left: '-10000px', ':focus': { left: '8px', top: '8px', zIndex: 10, padding: '8px 12px',
    backgroundColor: tokens.colorNeutralBackground1, color: tokens.colorNeutralForeground1,
    outline: `2px solid ${tokens.colorStrokeFocus2}` } },
  header: { gridColumn: '1 / -1', display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`, minHeight: '48px',
    backgroundColor: tokens.colorNeutralBackground1, borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
  name: { fontWeight: tokens.fontWeightSemibold, fontSize: tokens.fontSizeBase400, flexGrow: 1 },
  choices: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  person: { display: 'inline-flex', alignItems: 'center', gap: tokens.spacingHorizontalXS, minHeight: '24px',
    color: tokens.colorNeutralForeground1 },
  burger: { display: 'none', '@media (max-width: 800px)': { display: 'inline-flex' } },
  nav: { padding: tokens.spacingVerticalS, backgroundColor: tokens.colorNeutralBackground2,
    borderInlineEndWidth: '1px', borderInlineEndStyle: 'solid', borderInlineEndColor: tokens.colorNeutralStroke2,
    '& ul': { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: '2px' } },
  navClosed: { '@media (max-width: 800px)': { display: 'none' } },
  link: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, padding: '8px 10px', minHeight: '24px',
    color: tokens.colorNeutralForeground1, textDecorationLine: 'none', borderRadius: tokens.borderRadiusMedium,
    borderInlineStartWidth: '3px', borderInlineStartStyle: 'solid',
    borderInlineStartColor: 'transparent', '& svg': { flexShrink: 0 },
    ':hover': { backgroundColor: tokens.colorNeutralBackground2Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    '&.active': { backgroundColor: tokens.colorNeutralBackground1Selected, color: tokens.colorNeutralForeground1Selected,
      fontWeight: tokens.fontWeightSemibold,
      borderInlineStartColor: tokens.colorBrandForeground1 } },
  main: { padding: `${tokens.spacingVerticalL} ${tokens.spacingHorizontalXL}`, minWidth: 0, display: 'flex',
    flexDirection: 'column', gap: tokens.spacingVerticalM, backgroundColor: tokens.colorNeutralBackground1,
    '@media (max-width: 640px)': { paddingInline: tokens.spacingHorizontalM } },
  tabs: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, listStyleType: 'none', margin: 0, padding: 0,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
  tab: { display: 'block', padding: '10px 8px', color: tokens.colorNeutralForeground1, textDecorationLine: 'none',
    borderBottom: '3px solid transparent', ':hover': { borderBottomColor: tokens.colorNeutralStroke1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    '&.active': { borderBottomColor: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold } },
  federation: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
});

function LanguageChoice() {
  const { t, i18n } = useTranslation();
  const all = languages.some((l) => l.tag === i18n.language) ? languages
    : [...languages, { tag: i18n.language, name: i18n.language, reviewed: true }];
  return (
    <Select size="small" appearance="filled-lighter" aria-label={t('language.menu')} title={t('language.menu')} value={i18n.language}
      onChange={(_, data) => void changeLanguage(data.value)}>
      {all.map((l) => (
        <option key={l.tag} value={l.tag} lang={l.tag}>
          {l.reviewed ? l.name : `${l.name} (${t('language.unreviewed')})`}
        </option>
      ))}
    </Select>
  );
}

function ThemeChoice() {
  const { t } = useTranslation();
  const { choice, choose } = useThemeChoice();
  return (
    <Select size="small" appearance="filled-lighter" aria-label={t('theme.menu')} title={t('theme.menu')} value={choice}
      onChange={(_, data) => choose(data.value as typeof choice)}>
      {choices.map((c) => <option key={c} value={c}>{t(`theme.${c}`)}</option>)}
    </Select>
  );
}

/** Language and looks: also on the sign-in page. Native lists: they need no code before the first page. */
export function Preferences() {
  const styles = useStyles();
  return <div className={styles.choices}><LanguageChoice /><ThemeChoice /></div>;
}

function Person() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { display, name, signOut } = useSession();
  return (
    <>
      <LinkTo to="/account" className={styles.person} aria-label={t('user.menu', { name: display || name })}
        title={t('user.account')}>
        <Icon name="user" />{display || name}
      </LinkTo>
      <Button appearance="subtle" size="small" onClick={() => void signOut()}>{t('user.signOut')}</Button>
    </>
  );
}

export function AwayBanner() {
  const { t } = useTranslation();
  const away = useSyncExternalStore(connection.subscribe, connection.isAway);
  return (
    <div role="alert">
      {away ? (
        <MessageBar intent="error">
          <MessageBarBody>{t('away.text')}</MessageBarBody>
          <MessageBarActions><Spinner size="tiny" aria-hidden="true" /></MessageBarActions>
        </MessageBar>
      ) : null}
    </div>
  );
}

function BodiesBanner() {
  const { t } = useTranslation();
  return useSession().body_logging ? (
    <MessageBar intent="warning" layout="multiline"><MessageBarBody>{t('bodies.on')}</MessageBarBody></MessageBar>
  ) : null;
}

function Navigation({ open }: { open: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  return (
    <nav id="navigation" className={mergeClasses(styles.nav, !open && styles.navClosed)} aria-label={t('nav.label')}>
      <ul>
        {navigation.filter((e) => e.rights.some(has)).map((e) => (
          <li key={e.to}>
            <NavLink to={e.to} end={e.to === '/'} className={styles.link}><Icon name={e.icon} />{t(e.label)}</NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export function Layout() {
  const { t } = useTranslation();
  const styles = useStyles();
  const phase = usePhase();
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  useLive();
  useEffect(() => setOpen(false), [pathname]);
  return (
    <UnsavedProvider>
      <div className={styles.frame}>
        <a href="#main" className={styles.skip}>{t('nav.skip')}</a>
        <header className={styles.header}>
          <Button appearance="subtle" className={styles.burger} icon={<Icon name="menu" />} aria-label={t('nav.label')}
            aria-expanded={open} aria-controls="navigation" onClick={() => setOpen(!open)} />
          <Text className={styles.name}>{t('app.name')}</Text>
          <Preferences />
          <Person />
        </header>
        <Navigation open={open} />
        <Notices>
          {(notice) => (
            <main id="main" tabIndex={-1} className={styles.main}>
              <AwayBanner />
              <BodiesBanner />
              <Expiry />
              {notice}
              <Suspense fallback={<Spinner label={t('list.loading')} />}><Outlet /></Suspense>
            </main>
          )}
        </Notices>
      </div>
      {phase.is === 'ended' ? <Suspense><SignInAgain /></Suspense> : null}
    </UnsavedProvider>
  );
}

/** Federation and External Access: its tabs above each of its lists. */
export function Federation() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { has } = useSession();
  const { pathname } = useLocation();
  const tabs = federationTabs.filter((tab) => tab.rights.some(has));
  if (pathname.replace(/\/$/, '') === '/federation') return <Navigate to={tabs[0]?.to ?? firstPage(has)} replace />;
  return (
    <div className={styles.federation}>
      <nav aria-label={t('nav.federation')}>
        <ul className={styles.tabs}>
          {tabs.map((tab) => <li key={tab.to}><NavLink to={tab.to} className={styles.tab}>{t(tab.label)}</NavLink></li>)}
        </ul>
      </nav>
      <Suspense fallback={<Spinner label={t('list.loading')} />}><Outlet /></Suspense>
    </div>
  );
}
