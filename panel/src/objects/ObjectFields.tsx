/** The settings of an object as fields, drawn from their description. */
import {
  Checkbox, Input, Select, Subtitle2, Text, Textarea, makeStyles, tokens,
} from '@fluentui/react-components';
import i18next from 'i18next';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { FormField, fieldError, settingName, settingValue } from '../ui';
import { isList, type KindInfo, type Setting } from './kinds';
import { inSections, type Draft, type Section } from './model';

const useStyles = makeStyles({
  section: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, margin: 0, padding: 0,
    border: 'none', minWidth: 0 },
  legend: { padding: 0, marginBottom: tokens.spacingVerticalS },
  hint: { color: tokens.colorNeutralForeground2 },
  bad: { color: tokens.colorPaletteRedForeground1 },
  narrow: { maxWidth: '18rem' },
});

/** "s" is a unit of the interface; in a text it is a word. */
function unitText(unit: string | null): string {
  if (!unit) return '';
  const key = `unit.${unit.replace(/\W/g, '_')}`;
  return i18next.exists(key) ? i18next.t(key) : unit;
}

export function settingHelp(kind: string, s: Setting): string {
  const key = `help.${kind}.${s.name}`;
  return i18next.exists(key) ? i18next.t(key) : s.help;
}

/** "1 to 10000 connections, normally 20". */
export function rangeText(s: Setting): string {
  if (s.type !== 'number') return '';
  const number = (n: number | string) => new Intl.NumberFormat(i18next.language === 'en-XA' ? 'en' : i18next.language).format(Number(n));
  const range = i18next.t('objects.range', { min: number(s.min), max: number(s.max), unit: unitText(s.unit) });
  return s.default === null ? range : i18next.t('objects.rangeDefault', { range, value: number(s.default) });
}

export interface Choice {
  value: string;
  label: string;
}

interface Props {
  info: KindInfo;
  sections: readonly Section[];
  draft: Draft;
  onChange(part: Draft): void;
  problem: unknown;
  readOnly?: boolean;
  /** The object exists: its key is fixed. */
  exists?: boolean;
  /** Settings that name other objects: what there is to choose from. */
  choices?: Readonly<Record<string, readonly Choice[]>>;
  /** Settings that the page shows in its own way. */
  omit?: readonly string[];
}

function Control({ s, props, id, hint, help }: { s: Setting; props: Props; id: string; hint: string; help: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const value = props.draft[s.name];
  const set = (next: string | boolean) => props.onChange({ [s.name]: next });
  const label = settingName(props.info.kind, s.name);
  const fixed = props.readOnly || (s.key && props.exists);
  const choices = props.choices?.[s.name] ?? s.words?.map((w) => ({ value: w, label: settingValue(w) }));
  if (s.type === 'bool') {
    const error = fieldError(props.problem, s.name);
    return (
      <div data-field={s.name}>
        <Checkbox checked={value === true} disabled={props.readOnly} label={label}
          input={{ 'aria-describedby': id }} onChange={(_, data) => set(data.checked === true)} />
        <Text as="p" block size={200} id={id} className={error ? styles.bad : styles.hint}>{error ?? help}</Text>
      </div>
    );
  }
  return (
    <FormField name={s.name} problem={props.problem} label={label} required={s.required && !fixed} hint={hint}>
      {choices ? (
        <Select className={styles.narrow} value={String(value ?? '')} disabled={fixed} onChange={(_, data) => set(data.value)}>
          {s.none ? <option value="">{t('objects.none')}</option> : null}
          {choices.map((c) => <option key={c.value} value={c.value}>{c.label}</option>)}
        </Select>
      ) : isList(s) || s.type === 'text' ? (
        <Textarea value={String(value ?? '')} readOnly={fixed} resize="vertical" rows={isList(s) ? 3 : 2}
          onChange={(_, data) => set(data.value)} />
      ) : (
        <Input value={String(value ?? '')} readOnly={fixed} autoComplete={s.type === 'secret' ? 'new-password' : 'off'}
          type={s.type === 'secret' ? 'password' : 'text'} spellCheck={false}
          className={s.type === 'number' ? styles.narrow : undefined}
          inputMode={s.type === 'number' ? 'numeric' : undefined}
          contentAfter={s.unit && s.type === 'number' ? <Text size={200}>{unitText(s.unit)}</Text> : undefined}
          onChange={(_, data) => set(data.value)} />
      )}
    </FormField>
  );
}

function hintOf(kind: string, s: Setting): string {
  return [settingHelp(kind, s), rangeText(s), isList(s) ? i18next.t('objects.listHint') : ''].filter(Boolean).join(' ');
}

export function ObjectFields(props: Props) {
  const { t } = useTranslation();
  const styles = useStyles();
  const id = useId();
  const omit = new Set(props.omit);
  return inSections(props.info, props.sections).map((section) => (
    <fieldset key={section.key} className={styles.section}>
      <legend className={styles.legend}><Subtitle2>{t(`section.${section.key}`)}</Subtitle2></legend>
      {section.settings.filter((s) => !omit.has(s.name)).map((s) => (
        <Control key={s.name} s={s} props={props} id={`${id}${s.name}`} hint={hintOf(props.info.kind, s)}
          help={settingHelp(props.info.kind, s)} />
      ))}
    </fieldset>
  ));
}
