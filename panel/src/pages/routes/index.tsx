import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Routes() {
  const { t } = useTranslation();
  return <Page title={t('nav.routes')}>{null}</Page>;
}
