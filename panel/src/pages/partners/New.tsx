import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';
import { PartnerForm } from './PartnerForm';

export default function NewPartner() {
  const { t } = useTranslation();
  return <Page title={t('partners.newTitle')}><PartnerForm /></Page>;
}
