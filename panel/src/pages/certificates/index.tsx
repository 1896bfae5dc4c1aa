import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Certificates() {
  const { t } = useTranslation();
  return <Page title={t('nav.certificates')}>{null}</Page>;
}
