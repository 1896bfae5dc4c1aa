import { ObjectPage } from './ObjectPage';
import { routeSections } from './sections';

export default function Route() {
  return <ObjectPage kind="route" sections={routeSections} />;
}
