import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function ShowStream() {
  const { t } = useTranslation();
  return <Page title={t('nav.streams')}>{null}</Page>;
}
