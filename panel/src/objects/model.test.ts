import { describe, expect, it } from 'vitest';
import { changed, draftOf, inSections, merge, newDraft, patchOf, resolve, same, settingsOf, splitList } from './model';
import { gatewayKind, routeKind } from './samples';

const item = {
  name: 'main', description: null, next_hop: 'sip:10.0.0.1:5060', transport: 'udp', sources: ['10.0.0.0/8'],
  from_domains: ['xn--bcher-kva.example'], from_domains_unicode: ['bücher.example'], receive_rate: null,
  error_wait: 300, congestion_safe: false,
};

describe('a draft', () => {
  it('is text as it was typed, domains in their own letters', () => {
    expect(draftOf(routeKind, item)).toEqual({
      name: 'main', description: '', next_hop: 'sip:10.0.0.1:5060', transport: 'udp', sources: '10.0.0.0/8',
      from_domains: 'bücher.example', receive_rate: '', error_wait: '300', congestion_safe: false,
    });
  });

  it('begins with the defaults of the service', () => {
    expect(newDraft(routeKind)).toMatchObject({ name: '', transport: 'udp', error_wait: '300', congestion_safe: false });
  });

  it('never holds a secret that is set', () => {
    expect(draftOf(gatewayKind, { connection_limit: 5, dialback_passphrase_set: true }))
      .toEqual({ connection_limit: '5', enable_logging_all_message_bodies: false, dialback_passphrase: '' });
  });

  it.each([
    ['a.example, b.example', ['a.example', 'b.example']],
    ['a.example、b.example', ['a.example', 'b.example']],
    ['a.example,b.example;c.example', ['a.example', 'b.example', 'c.example']],
    [' a.example;\n\tb.example ', ['a.example', 'b.example']],
    ['', []],
  ])('parts the list %j', (text, list) => expect(splitList(text)).toEqual(list));
});

describe('what is sent', () => {
  const base = draftOf(routeKind, item);
  const setting = (name: string) => routeKind.settings.find((s) => s.name === name)!;

  it('is only what was changed', () => {
    expect(patchOf(routeKind, base, base)).toEqual({});
    expect(patchOf(routeKind, base, { ...base, error_wait: ' 500 ', sources: '10.0.0.0/8' })).toEqual({ error_wait: '500' });
  });

  it('is never the key of an object that exists', () => {
    expect(patchOf(routeKind, base, { ...base, name: 'other' })).toEqual({});
  });

  it('is no change when only the order or the case of a list is another', () => {
    const two = { ...base, from_domains: 'a.example\nB.example' };
    expect(same(setting('from_domains'), two, { ...base, from_domains: 'b.example, a.example' })).toBe(true);
    expect(changed(routeKind, two, { ...two, from_domains: 'a.example' }).map((s) => s.name)).toEqual(['from_domains']);
  });

  it('returns to none where there may be none, and leaves the refusal of an empty number to the service', () => {
    expect(patchOf(routeKind, { ...base, receive_rate: '5' }, { ...base, receive_rate: '' })).toEqual({ receive_rate: null });
    expect(patchOf(routeKind, base, { ...base, error_wait: '' })).toEqual({ error_wait: '' });
  });

  it('has a secret only when one was typed', () => {
    const secret = draftOf(gatewayKind, { connection_limit: 5 });
    expect(settingsOf(gatewayKind.settings, secret)).not.toHaveProperty('dialback_passphrase');
    expect(settingsOf(gatewayKind.settings, { ...secret, dialback_passphrase: ' with blanks ' }))
      .toMatchObject({ dialback_passphrase: ' with blanks ' });
  });
});

describe('a conflict', () => {
  const base = draftOf(routeKind, item);
  const mine = { ...base, error_wait: '500', description: 'mine' };
  const theirs = { ...base, error_wait: '700', transport: 'tls' };
  const m = merge(routeKind, base, mine, theirs);

  it('takes what only they changed, keeps what only I changed, and asks for what both did', () => {
    expect(m.taken.map((s) => s.name)).toEqual(['transport']);
    expect(m.asked.map((s) => s.name)).toEqual(['error_wait']);
    expect(m.merged).toMatchObject({ transport: 'tls', description: 'mine', error_wait: '500' });
  });

  it('goes on with what was chosen', () => {
    expect(resolve(m, theirs, { error_wait: 'theirs' })).toMatchObject({ error_wait: '700', description: 'mine' });
    expect(resolve(m, theirs, { error_wait: 'mine' })).toMatchObject({ error_wait: '500' });
  });
});

describe('sections', () => {
  it('show every setting once; what no section names is in the last', () => {
    const parts = inSections(routeKind, [{ key: 'a', names: ['next_hop', 'name'] }, { key: 'none', names: ['nothing'] },
      { key: 'b', names: ['error_wait'] }]);
    expect(parts.map((p) => p.key)).toEqual(['a', 'b']);
    expect(parts[0]!.settings.map((s) => s.name)).toEqual(['next_hop', 'name']);
    expect(parts.flatMap((p) => p.settings).map((s) => s.name).sort()).toEqual(routeKind.settings.map((s) => s.name).sort());
  });
});
