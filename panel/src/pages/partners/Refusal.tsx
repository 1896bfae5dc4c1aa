/** A refused choice of TLS, SASL and dialback: why, and whole settings that would be accepted. */
import { Button, MessageBar, MessageBarBody, MessageBarTitle, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { isProblem } from '../../api/client';
import type { WayOut } from '../../api/types';
import { settingValue } from '../../ui';
import type { Negotiation } from './model';

const useStyles = makeStyles({
  ways: { listStyleType: 'none', margin: `${tokens.spacingVerticalS} 0 0`, padding: 0, display: 'grid',
    gap: tokens.spacingVerticalS },
  way: { height: 'auto', minHeight: '32px', justifyContent: 'start', textAlign: 'start', width: '100%',
    padding: '8px 12px', fontWeight: tokens.fontWeightRegular, whiteSpace: 'normal', overflowWrap: 'anywhere' },
  gives: { display: 'block' },
});

const CODES = ['sasl_requires_tls', 'no_authentication_method'];

export function isNegotiationRefusal(problem: unknown): boolean {
  return isProblem(problem) && CODES.includes(problem.code);
}

function Way({ way, onTake, busy }: { way: WayOut; onTake(n: Negotiation): void; busy: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const n = way.settings as unknown as Negotiation;
  const methods = (way.methods ?? []).map((m) => t(`partners.method.${m}`));
  return (
    <Button className={styles.way} type="button" disabled={busy} onClick={() => onTake(n)}
      data-way={`${n.tls_negotiation} ${n.sasl_negotiation} ${n.support_dialback_negotiation}`}>
      <span>
        <strong>
          {t('partners.ways.settings', {
            tls: settingValue(n.tls_negotiation),
            sasl: settingValue(n.sasl_negotiation),
            dialback: t(n.support_dialback_negotiation ? 'partners.form.true' : 'partners.form.false'),
          })}
        </strong>
        <Text className={styles.gives}>{t('partners.ways.gives', { methods: methods.join(t('partners.ways.or')) })}</Text>
      </span>
    </Button>
  );
}

/** onTake: the way that was chosen; it is set and committed. */
export function Refusal({ problem, onTake, busy }: { problem: unknown; onTake(n: Negotiation): void; busy: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  if (!isProblem(problem) || !isNegotiationRefusal(problem)) return null;
  return (
    <MessageBar intent="error" layout="multiline" role="group" aria-label={t('partners.ways.title')}>
      <MessageBarBody>
        <MessageBarTitle>{t('partners.ways.title')}</MessageBarTitle>
        {t(`partners.refused.${problem.code}`)} {t('partners.ways.agree')}
        <ul className={styles.ways}>
          {problem.waysOut.map((way, i) => <li key={i}><Way way={way} onTake={onTake} busy={busy} /></li>)}
        </ul>
      </MessageBarBody>
    </MessageBar>
  );
}
