/** Additional domains: typed one by one or pasted as a list, each shown and removable. */
import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components';
import { useId, useRef, type ClipboardEvent, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError, Icon } from '../../ui';
import { addDomains, hasSeparator } from './domains';

const useStyles = makeStyles({
  line: { display: 'flex', gap: tokens.spacingHorizontalS, '& > :first-child': { flexGrow: 1, minWidth: 0 } },
  list: { listStyleType: 'none', margin: `${tokens.spacingVerticalS} 0 0`, padding: 0, display: 'flex', flexWrap: 'wrap',
    gap: tokens.spacingHorizontalXS, maxHeight: '16rem', overflowY: 'auto' },
  item: { display: 'inline-flex', alignItems: 'center', paddingInlineStart: '10px', overflowWrap: 'anywhere',
    border: `1px solid ${tokens.colorNeutralStroke1}`, borderRadius: tokens.borderRadiusMedium },
});

interface Props {
  list: readonly string[];
  /** What is typed and not in the list yet. */
  adding: string;
  problem: unknown;
  onChange(list: string[], adding: string): void;
}

export function DomainsField({ list, adding, problem, onChange }: Props) {
  const { t } = useTranslation();
  const styles = useStyles();
  const heading = useId();
  const input = useRef<HTMLInputElement>(null);
  const composing = useRef(false);
  const error = fieldError(problem, 'additional_domains');

  function add(text: string) {
    onChange(addDomains(list, text), '');
  }
  function typed(text: string) {
    // A separator ends a name; while an input method composes, its 、 may still become something else.
    if (!composing.current && hasSeparator(text.trimStart()) && /\S/.test(text)) add(text);
    else onChange([...list], text);
  }
  function pasted(e: ClipboardEvent<HTMLInputElement>) {
    const text = e.clipboardData.getData('text');
    if (!hasSeparator(text.trim())) return;
    e.preventDefault();
    add(`${adding} ${text}`);
  }
  function key(e: KeyboardEvent<HTMLInputElement>) {
    if (e.key !== 'Enter' || e.nativeEvent.isComposing || e.keyCode === 229 || !adding.trim()) return;
    // It ends the name that is typed; with nothing typed it commits, as everywhere in the form.
    e.preventDefault();
    add(adding);
  }
  return (
    <div data-field="additional_domains">
      <Field label={t('setting.partner.additional_domains')} hint={t('partners.form.additionalHint')}
        validationState={error ? 'error' : 'none'} validationMessage={error}>
        {(field) => (
          <div className={styles.line}>
            <Input {...field} ref={input} value={adding} autoComplete="off" spellCheck={false} inputMode="url"
              onChange={(_, d) => typed(d.value)} onPaste={pasted} onKeyDown={key}
              onCompositionStart={() => { composing.current = true; }}
              onCompositionEnd={(e) => { composing.current = false; typed(e.currentTarget.value); }} />
            <Button type="button" icon={<Icon name="add" />} disabled={!adding.trim()} onClick={() => {
              add(adding);
              input.current?.focus();
            }}>{t('partners.form.addDomain')}</Button>
          </div>
        )}
      </Field>
      <div id={heading} className="visually-hidden">{t('partners.form.domainsListed')}</div>
      {list.length > 0 ? (
        <ul className={styles.list} aria-labelledby={heading}>
          {list.map((name) => (
            <li key={name} className={styles.item}>
              {name}
              <Button type="button" appearance="transparent" size="small" icon={<Icon name="close" width="16" height="16" />}
                aria-label={t('partners.form.removeDomain', { name })} onClick={() => {
                  onChange(list.filter((n) => n !== name), adding);
                  input.current?.focus();
                }} />
            </li>
          ))}
        </ul>
      ) : null}
      <span role="status" className="visually-hidden">{t('partners.form.domainsCount', { count: list.length })}</span>
    </div>
  );
}
