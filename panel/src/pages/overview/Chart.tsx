/** Messages and errors per second of the last minutes. What it shows is also said in words beside it. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Rate } from '../../api/counters';
import { locale } from '../../i18n';
import { useThemeChoice } from '../../theme/theme';

const height = 180;

const useStyles = makeStyles({
  box: { width: '100%', minHeight: `${height}px`, overflowX: 'hidden' },
  legend: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalL, margin: 0, padding: 0, listStyleType: 'none' },
  sample: { display: 'inline-block', width: '24px', height: '0', marginInlineEnd: '6px', verticalAlign: 'middle',
    borderTopWidth: '3px', borderTopStyle: 'solid' },
  sip: { borderTopColor: tokens.colorPaletteBlueForeground2 },
  xmpp: { borderTopStyle: 'dashed', borderTopColor: tokens.colorPaletteTealForeground2 },
  errors: { borderTopStyle: 'dotted', borderTopColor: tokens.colorPaletteRedForeground1 },
});

export const round = (n: number) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(n);

type Table = [number[], number[], number[], number[]];

const tableOf = (rates: readonly Rate[]): Table =>
  [rates.map((r) => r.at), rates.map((r) => r.fromSip), rates.map((r) => r.fromXmpp), rates.map((r) => r.errors)];

export function Chart({ rates }: { rates: readonly Rate[] }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const { shown } = useThemeChoice();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const last = rates[rates.length - 1];

  useEffect(() => {
    const here = box.current!;
    const colour = (name: string) => getComputedStyle(here).getPropertyValue(name.replace(/^var\(|\)$/g, '')).trim() || '#888';
    const grid = { stroke: colour(tokens.colorNeutralStroke2), width: 1 };
    const time = new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' });
    const axis = { stroke: colour(tokens.colorNeutralForeground2), grid, ticks: grid };
    const made = new uPlot({
      width: Math.max(here.clientWidth, 200), height, padding: [8, 32, 0, 0], legend: { show: false }, cursor: { show: false },
      // The last five minutes, filled from the right.
      scales: { x: { time: true, range: (_u, _min, max) => { const to = max || Date.now() / 1000; return [to - 300, to]; } },
        y: { range: (_u, _min, max) => [0, Math.max(max * 1.1, 1)] } },
      axes: [{ ...axis, values: (_u, ticks) => ticks.map((s) => time.format(s * 1000)), space: 90 },
        { ...axis, values: (_u, ticks) => ticks.map(round), size: 50 }],
      series: [{},
        { stroke: colour(tokens.colorPaletteBlueForeground2), width: 2, points: { show: false } },
        { stroke: colour(tokens.colorPaletteTealForeground2), width: 2, dash: [8, 4], points: { show: false } },
        { stroke: colour(tokens.colorPaletteRedForeground1), width: 2, dash: [2, 3], points: { show: false } }],
    }, [[], [], [], []], here);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(here.clientWidth, 200), height }));
    watch.observe(here);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shown, i18n.language]);

  useEffect(() => plot.current?.setData(tableOf(rates)), [rates, shown, i18n.language]);

  const say = (n: number | undefined) => (n === undefined ? '–' : round(n));
  return (
    <div>
      <ul className={styles.legend}>
        <li><span className={`${styles.sample} ${styles.sip}`} />{t('overview.fromSip', { rate: say(last?.fromSip) })}</li>
        <li><span className={`${styles.sample} ${styles.xmpp}`} />{t('overview.fromXmpp', { rate: say(last?.fromXmpp) })}</li>
        <li><span className={`${styles.sample} ${styles.errors}`} />{t('overview.errors', { rate: say(last?.errors) })}</li>
      </ul>
      <div ref={box} className={styles.box} role="img" aria-label={t('overview.chart')} />
    </div>
  );
}
