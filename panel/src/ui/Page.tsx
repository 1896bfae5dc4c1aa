import { Text, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useEffect, useRef, type ReactNode } from 'react';
import { useLocation } from 'react-router-dom';

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, minWidth: 0 },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  title: { ...typographyStyles.title2, flexGrow: 1, minWidth: 0, overflowWrap: 'anywhere', margin: 0,
    ':focus': { outlineStyle: 'none' } },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

/** A page: its title (also the window's), what can be done on it, and its content. */
export function Page({ title, intro, actions, children }:
  { title: string; intro?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname, key } = useLocation();
  useEffect(() => {
    document.title = `${title} – Entente`;
  }, [title]);
  useEffect(() => {
    // A new page begins at its title, for those who read and those who listen.
    // The first one begins where the browser begins, with the link that skips to the content.
    if (key === 'default') return;
    const active = document.activeElement;
    if (!active || active === document.body || active.closest('nav')) heading.current?.focus({ preventScroll: true });
  }, [pathname, key]);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>{title}</h1>
        {actions ? <div className={styles.actions}>{actions}</div> : null}
      </div>
      {intro ? <Text>{intro}</Text> : null}
      {children}
    </div>
  );
}
