import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Partners() {
  const { t } = useTranslation();
  return <Page title={t('nav.partners')}>{null}</Page>;
}
