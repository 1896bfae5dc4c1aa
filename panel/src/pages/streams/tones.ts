import type { Health, Stream } from '../../api/types';
import type { Tone } from '../../ui';

/** Only failing is a problem: a partner who is idle, or with whom nobody has spoken yet, is well. */
export const healthTone = (health: Health): Tone =>
  ({ failing: 'bad', connected: 'good', idle: 'quiet', never: 'quiet', disabled: 'off' } as const)[health];

export function streamTone(stream: Pick<Stream, 'state' | 'last_error'>): Tone {
  switch (stream.state) {
    case 'up': return 'good';
    case 'waiting': return stream.last_error ? 'bad' : 'quiet';
    case 'closed': return 'off';
    default: return 'quiet';
  }
}
