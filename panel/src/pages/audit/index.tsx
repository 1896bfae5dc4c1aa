import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Audit() {
  const { t } = useTranslation();
  return <Page title={t('nav.audit')}>{null}</Page>;
}
