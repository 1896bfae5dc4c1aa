import { useTranslation } from 'react-i18next';
import { Page } from '../../ui';

export default function Tokens() {
  const { t } = useTranslation();
  return <Page title={t('nav.tokens')}>{null}</Page>;
}
