import { expect, it } from 'vitest';
import { rateOf, type Counters } from './counters';

const at = (second: number, part: Partial<Counters> = {}): Counters => ({
  at: new Date(second * 1000).toISOString(), messages_from_sip: 0, messages_from_xmpp: 0, delivered_to_sip: 0,
  delivered_to_xmpp: 0, errors_told_to_sip: 0, errors_told_to_xmpp: 0, denied: 0, streams_in: 0, streams_out: 0, queued: 0,
  ...part,
});

it('divides by the time that has passed', () => {
  expect(rateOf(at(10), at(12, { messages_from_sip: 6, messages_from_xmpp: 1, errors_told_to_sip: 1, errors_told_to_xmpp: 1 })))
    .toEqual({ at: 12, fromSip: 3, fromXmpp: 0.5, errors: 1 });
});

it('makes nothing of a restart, nor of a clock that went back', () => {
  expect(rateOf(at(10, { messages_from_sip: 5 }), at(12))).toBeNull();
  expect(rateOf(at(12), at(12))).toBeNull();
  expect(rateOf(at(12), at(10))).toBeNull();
});
