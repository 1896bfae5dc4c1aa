import { Button } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons';

/** Copies a text; what: its name, for the label. */
export function Copy({ text, what }: { text: string; what: string }) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  return (
    <>
      <Button size="small" icon={<Icon name={done ? 'ok' : 'copy'} />} aria-label={t('copy.label', { what })}
        onClick={() => void navigator.clipboard.writeText(text).then(() => setDone(true))}>
        {t('copy.copy')}
      </Button>
      <span role="status" className="visually-hidden">{done ? t('copy.done', { what }) : ''}</span>
    </>
  );
}
