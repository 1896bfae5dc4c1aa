import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Icon, type IconName } from './icons';

/** good: works; warn: somebody should look; bad: does not work; quiet: nothing to say; off: switched off. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'off';

const icons: Record<Tone, IconName> = { good: 'ok', warn: 'warn', bad: 'bad', quiet: 'idle', off: 'off' };

const useStyles = makeStyles({
  badge: { display: 'inline-flex', alignItems: 'center', verticalAlign: 'middle', gap: tokens.spacingHorizontalXS, minWidth: 0,
    '& svg': { flexShrink: 0 } },
  good: { '& svg': { color: tokens.colorPaletteGreenForeground1 } },
  warn: { '& svg': { color: tokens.colorPaletteDarkOrangeForeground1 } },
  bad: { fontWeight: tokens.fontWeightSemibold, '& svg': { color: tokens.colorPaletteRedForeground1 } },
  quiet: { '& svg': { color: tokens.colorNeutralForeground2 } },
  off: { '& svg': { color: tokens.colorNeutralForeground2 } },
});

/** A state: always its text, with an icon and a colour beside it. */
export function StateBadge({ tone, text, title }: { tone: Tone; text: string; title?: string }) {
  const styles = useStyles();
  return <span className={mergeClasses(styles.badge, styles[tone])} title={title}><Icon name={icons[tone]} />{text}</span>;
}
