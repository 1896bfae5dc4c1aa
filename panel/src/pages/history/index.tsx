import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function History() {
  const { t } = useTranslation();
  return <Page title={t('nav.history')}>{null}</Page>;
}
