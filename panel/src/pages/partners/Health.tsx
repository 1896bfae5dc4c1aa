/** How a partner is, in one word. Only failing is a problem. */
import { useTranslation } from 'react-i18next';
import type { Health as State } from '../../api/types';
import { StateBadge, type Tone } from '../../ui';

const tones: Record<State, Tone> = { connected: 'good', failing: 'bad', idle: 'quiet', never: 'quiet', disabled: 'off' };

export function Health({ state, title }: { state: State | undefined; title?: string }) {
  const { t } = useTranslation();
  if (!state) return <>–</>;
  return <StateBadge tone={tones[state]} text={t(`partners.health.${state}`)} title={title} />;
}
