import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Administrators() {
  const { t } = useTranslation();
  return <Page title={t('nav.administrators')}>{null}</Page>;
}
