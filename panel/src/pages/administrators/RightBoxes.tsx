/** Rights as check boxes, in groups. */
import { Checkbox, Spinner, Text, makeStyles, tokens } from '@fluentui/react-components';
import i18next from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { areas, useList } from '../../api/queries';
import { ErrorPanel } from '../../ui';
import { groupsOf, withReading, type RightInfo } from './rights';

const useStyles = makeStyles({
  groups: { display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 18rem), 1fr))',
    gap: tokens.spacingHorizontalM },
  group: { borderRadius: tokens.borderRadiusMedium, padding: tokens.spacingHorizontalS, minWidth: 0, margin: 0,
    border: `1px solid ${tokens.colorNeutralStroke2}` },
  box: { alignItems: 'flex-start' },
  code: { color: tokens.colorNeutralForeground2, display: 'block', overflowWrap: 'anywhere' },
});

/** What a right means, in the reader's language. */
export function rightText(r: RightInfo): string {
  const key = `right.${r.name.replace('.', '_')}`;
  return i18next.exists(key) ? i18next.t(key) : r.help;
}

export const rightTextOf = (name: string) => rightText({ name, help: name });

export function RightBoxes({ chosen, onChange, only, readOnly }: {
  chosen: readonly string[];
  onChange?(next: string[]): void;
  /** Only these can be given. */
  only?: readonly string[];
  readOnly?: boolean;
}) {
  const { t } = useTranslation();
  const styles = useStyles();
  const list = useList<RightInfo>(areas.accounts, '/rights');
  const all = list.data?.items;
  const groups = useMemo(() => groupsOf((all ?? []).filter((r) => !only || only.includes(r.name))), [all, only]);
  if (list.error) return <ErrorPanel error={list.error} retry={() => void list.refetch()} />;
  if (!all) return <Spinner label={t('list.loading')} />;
  return (
    <div className={styles.groups} data-field="rights">
      {groups.map((g) => (
        <fieldset key={g.name} className={styles.group}>
          <legend>{i18next.exists(`rights.${g.name}`) ? t(`rights.${g.name}`) : g.name}</legend>
          {g.rights.map((r) => (
            <div key={r.name}>
              <Checkbox className={styles.box} checked={chosen.includes(r.name)} disabled={readOnly}
                label={<>{rightText(r)} <Text size={200} className={styles.code}>{r.name}</Text></>}
                onChange={(_, d) => onChange?.(d.checked === true
                  ? [...withReading(new Set(chosen), r.name, all)]
                  : chosen.filter((c) => c !== r.name))} />
            </div>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
