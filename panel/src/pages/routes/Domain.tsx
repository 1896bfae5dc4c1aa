import { ObjectPage } from './ObjectPage';
import { domainSections } from './sections';

export default function Domain() {
  return <ObjectPage kind="domain" sections={domainSections} />;
}
