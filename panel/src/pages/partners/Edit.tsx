import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router-dom';
import { LinkTo, Page } from '../../ui';
import { usePartner } from './data';
import { shownDomain } from './model';
import { PartnerForm, Waiting } from './PartnerForm';
import { showPath } from './paths';

export default function EditPartner() {
  const { t } = useTranslation();
  const { domain = '' } = useParams();
  const { data, error, refetch } = usePartner(domain);
  const name = data ? shownDomain(data.item) : domain;
  return (
    <Page title={t('partners.editTitle', { name })}
      actions={<LinkTo to={showPath(data?.item.domain ?? domain)}>{t('partners.details')}</LinkTo>}>
      {data ? <PartnerForm key={data.item.domain} existing={data.item} />
        : <Waiting error={error} retry={() => void refetch()} />}
    </Page>
  );
}
