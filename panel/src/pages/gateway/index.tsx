import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Gateway() {
  const { t } = useTranslation();
  return <Page title={t('nav.gateway')}>{null}</Page>;
}
