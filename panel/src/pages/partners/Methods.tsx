/** What a choice of TLS, SASL and dialback would mean, said while it is made. The rule is the daemon's. */
import {
  Button, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, MessageBar, MessageBarBody,
  MessageBarTitle, Spinner, makeStyles, mergeClasses, tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Method, Negotiation as Verdict } from '../../api/types';
import { ErrorPanel, Icon, settingValue, warningText, Modal } from '../../ui';
import { useMatrix, useVerdict, type MatrixRow } from './data';
import { sameNegotiation, type Negotiation } from './model';

const METHODS: readonly Method[] = ['sasl-over-tls', 'tls-dialback', 'tcp-dialback'];

const useStyles = makeStyles({
  box: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  table: { borderCollapse: 'collapse', width: '100%',
    '& th, & td': { textAlign: 'start', verticalAlign: 'top', padding: '6px 8px', overflowWrap: 'anywhere',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
    '@media (max-width: 640px)': { '&, & tbody, & tr, & td, & th': { display: 'block' },
      '& thead': { position: 'absolute', left: '-10000px' },
      '& td[data-label]::before': { content: 'attr(data-label)', display: 'block', fontSize: tokens.fontSizeBase200,
        color: tokens.colorNeutralForeground2 } } },
  matrix: { borderCollapse: 'collapse', width: '100%',
    '& th, & td': { textAlign: 'start', verticalAlign: 'top', padding: '4px 8px',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}` } },
  here: { backgroundColor: tokens.colorNeutralBackground1Selected, color: tokens.colorNeutralForeground1Selected,
    fontWeight: tokens.fontWeightSemibold },
  bad: { color: tokens.colorPaletteRedForeground1 },
  surface: { maxWidth: '64rem', width: '95vw' },
  scroll: { overflowX: 'auto' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

/** Each method, best first, in plain words for either direction. */
export function MethodsTable({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <table className={styles.table} role="table" aria-label={t('partners.methods.title')}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">{t('partners.methods.method')}</th>
          <th role="columnheader" scope="col">{t('partners.methods.out')}</th>
          <th role="columnheader" scope="col">{t('partners.methods.in')}</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {verdict.methods.map((m) => (
          <tr key={m} role="row" data-method={m}>
            <th role="rowheader" scope="row">{t(`partners.method.${m}`)}</th>
            <td role="cell" data-label={t('partners.methods.out')}>{t(`partners.methods.${m}.out`)}</td>
            <td role="cell" data-label={t('partners.methods.in')}>{t(`partners.methods.${m}.in`)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Warnings({ codes }: { codes: readonly string[] }) {
  return codes.map((code) => (
    <MessageBar key={code} intent="warning" layout="multiline" data-warning={code}>
      <MessageBarBody>{warningText({ code, text: code })}</MessageBarBody>
    </MessageBar>
  ));
}

/** refusalShown: it is told already why the choice is refused, with ways out. */
export function Methods({ choice, refusalShown }: { choice: Negotiation; refusalShown: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { data, error, isPlaceholderData } = useVerdict(choice);
  return (
    <section className={styles.box} aria-label={t('partners.methods.title')} aria-live="polite" aria-atomic="true"
      aria-busy={isPlaceholderData || !data} data-settled={data && !isPlaceholderData ? 'yes' : 'no'}>
      {error ? <ErrorPanel error={error} /> : null}
      {data?.refused && !refusalShown ? (
        <MessageBar intent="error" layout="multiline" data-refused={data.refused}>
          <MessageBarBody>
            <MessageBarTitle>{t('partners.methods.none')}</MessageBarTitle>
            {t(`partners.refused.${data.refused}`)}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      {data && !data.refused ? <MethodsTable verdict={data} /> : null}
      {data ? <Warnings codes={data.warnings} /> : null}
      <div><Matrix choice={choice} /></div>
    </section>
  );
}

function MatrixLine({ row, here }: { row: MatrixRow; here: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { settings, verdict } = row;
  return (
    <tr className={mergeClasses(here && styles.here)} aria-current={here ? 'true' : undefined} data-row={row.row}
      data-refused={verdict.refused ?? undefined}>
      <th scope="row">
        {row.row}{here ? <> <Icon name="ok" width="16" height="16" /> {t('partners.matrix.here')}</> : null}
      </th>
      <td>{settingValue(settings.tls_negotiation)}</td>
      <td>{settingValue(settings.sasl_negotiation)}</td>
      <td>{t(settings.support_dialback_negotiation ? 'partners.form.true' : 'partners.form.false')}</td>
      {METHODS.map((m) => <td key={m} data-method={verdict.methods.includes(m) ? m : undefined}>{verdict.methods.includes(m) ? t('common.yes') : '–'}</td>)}
      <td className={mergeClasses(verdict.refused !== null && styles.bad)}>
        {verdict.refused ? t(`partners.matrix.${verdict.refused}`) : null}
        {verdict.warnings.map((code) => <div key={code} data-warning={code}>{warningText({ code, text: code })}</div>)}
      </td>
    </tr>
  );
}

/** All 18 combinations, with the one that is chosen marked. */
function Matrix({ choice }: { choice: Negotiation }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const { data, error } = useMatrix(open);
  return (
    <>
      <Button type="button" onClick={() => setOpen(true)}>{t('partners.matrix.show')}</Button>
      <Modal open={open} onOpenChange={(_, d) => setOpen(d.open)}>
        <DialogSurface className={styles.surface}>
          <DialogBody>
            <DialogTitle>{t('partners.matrix.title')}</DialogTitle>
            <DialogContent className={styles.scroll} tabIndex={0} role="region" aria-label={t('partners.matrix.title')}>
              {error ? <ErrorPanel error={error} /> : null}
              {!data && !error ? <Spinner label={t('list.loading')} /> : null}
              {data ? (
                <table className={styles.matrix} aria-label={t('partners.matrix.title')}>
                  <thead>
                    <tr>
                      <th scope="col">{t('partners.matrix.row')}</th>
                      <th scope="col">{t('setting.partner.tls_negotiation')}</th>
                      <th scope="col">{t('setting.partner.sasl_negotiation')}</th>
                      <th scope="col">{t('setting.partner.support_dialback_negotiation')}</th>
                      {METHODS.map((m) => <th key={m} scope="col">{t(`partners.method.${m}`)}</th>)}
                      <th scope="col">{t('partners.matrix.note')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.map((row) => (
                      <MatrixLine key={row.row} row={row} here={sameNegotiation(row.settings, choice)} />
                    ))}
                  </tbody>
                </table>
              ) : null}
            </DialogContent>
            <DialogActions>
              <Button appearance="primary" onClick={() => setOpen(false)}>{t('action.close')}</Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Modal>
    </>
  );
}
