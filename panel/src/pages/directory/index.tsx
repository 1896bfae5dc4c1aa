import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Directory() {
  const { t } = useTranslation();
  return <Page title={t('nav.directory')}>{null}</Page>;
}
