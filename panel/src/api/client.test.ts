import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, Problem } from './client';
import { connection } from './connection';
import { sessions } from '../session/store';
import type { Session } from './types';

const anna: Session = {
  name: 'anna', display: 'Anna', source: 'password', way: 'panel', roles: ['administrator'], rights: ['partner.write'],
  csrf: 'c-1', idle_expires: null, expires: null, must: null, body_logging: false,
};

type Answer = [status: number, body?: unknown, headers?: Record<string, string>] | 'silence';

/** Answers in their order; what was asked is kept. */
function service(...answers: Answer[]) {
  const asked: { url: string; init: RequestInit & { headers: Record<string, string> } }[] = [];
  vi.stubGlobal('fetch', vi.fn(async (url: string, init: never) => {
    asked.push({ url, init });
    const answer = answers.shift();
    if (!answer) throw new Error(`nobody expected ${url}`);
    if (answer === 'silence') throw new TypeError('network');
    const [status, body, headers] = answer;
    return new Response(body === undefined ? null : JSON.stringify(body), {
      status, headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', ...headers },
    });
  }));
  return asked;
}

beforeEach(() => sessions.set({ is: 'here', session: anna }));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a change', () => {
  it('carries the token, what it is based on, and that it is only planned', async () => {
    const asked = service([200, { generation: 8 }, { etag: '"8"' }]);
    const { data, etag } = await api.patch('/partners/a%20b', { body: { enabled: false }, ifMatch: 7, dryRun: true });
    expect({ data, etag }).toEqual({ data: { generation: 8 }, etag: '"8"' });
    expect(asked[0]!.url).toBe('/api/v1/partners/a%20b?dry_run=true');
    expect(asked[0]!.init.headers).toMatchObject({ 'if-match': '"7"', 'x-csrf-token': 'c-1', 'content-type': 'application/json' });
  });

  it.each([['*', '*'], ['"9"', '"9"'], [9, '"9"']])('takes %s as what it is based on', async (given, sent) => {
    const asked = service([204]);
    await api.del('/partners/x', { ifMatch: given });
    expect(asked[0]!.init.headers['if-match']).toBe(sent);
  });

  it('is not sent twice when nobody answers', async () => {
    vi.useFakeTimers();
    service('silence', [401, {}]);
    await expect(api.post('/partners', { body: {} })).rejects.toMatchObject({ status: 0, code: 'no_answer' });
    expect(connection.isAway()).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(connection.isAway()).toBe(false);
  });

  it('is sent again with a fresh token when the old one was refused', async () => {
    const asked = service([403, { code: 'csrf_bad' }], [200, { ...anna, csrf: 'c-2' }], [200, {}]);
    await api.post('/partners', { body: {} });
    expect(asked[2]!.init.headers['x-csrf-token']).toBe('c-2');
  });
});

describe('a refusal', () => {
  it('is a Problem with all it says', async () => {
    service([422, { code: 'domain_taken', detail: 'x is y\'s', field: 'domain', ways_out: [{ settings: { a: 1 } }] },
      { 'retry-after': '7' }]);
    const e = await api.post('/partners', { body: {} }).catch((x: unknown) => x);
    expect(e).toBeInstanceOf(Problem);
    expect(e).toMatchObject({
      status: 422, code: 'domain_taken', detail: 'x is y\'s', field: 'domain', waysOut: [{ settings: { a: 1 } }], retryAfter: 7,
    });
  });

  it('may say nothing', async () => {
    service([503]);
    await expect(api.post('/x')).rejects.toMatchObject({ status: 503, code: 'http_503', field: null, waysOut: [] });
  });
});

describe('an ended session', () => {
  it('asks for a sign-in over the page, then goes on with what was asked', async () => {
    const asked = service([401, { code: 'not_signed_in' }], [200, { ...anna, csrf: 'c-3' }], [200, { done: true }]);
    const wanted = api.patch('/partners/x', { body: { enabled: true }, ifMatch: 3 });
    await vi.waitFor(() => expect(sessions.phase().is).toBe('ended'));
    await sessions.signIn({ name: 'anna', password: 'p' });
    expect((await wanted).data).toEqual({ done: true });
    expect(asked.map((a) => [a.init.method, a.init.headers['x-csrf-token']])).toEqual(
      [['PATCH', 'c-1'], ['POST', 'c-1'], ['PATCH', 'c-3']]);
  });

  it('keeps the page when the sign-in is refused', async () => {
    service([401, { code: 'not_signed_in' }], [401, { code: 'bad_credentials' }]);
    const stop = new AbortController();
    const wanted = api.get('/partners', { signal: stop.signal });
    await vi.waitFor(() => expect(sessions.phase().is).toBe('ended'));
    await expect(sessions.signIn({ name: 'anna', password: 'no' })).rejects.toMatchObject({ code: 'bad_credentials' });
    expect(sessions.phase().is).toBe('ended');
    stop.abort();
    await expect(wanted).rejects.toThrow();
  });
});

describe('reading', () => {
  it('waits until the service is back', async () => {
    vi.useFakeTimers();
    service('silence', 'silence', [401, {}], [200, { items: [1] }]);
    const wanted = api.get('/partners');
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.isAway()).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    expect(connection.isAway()).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await wanted).data).toEqual({ items: [1] });
    expect(connection.isAway()).toBe(false);
  });

  it('is no activity while nobody is here', async () => {
    const asked = service([200, {}], [200, {}], [200, {}]);
    vi.useFakeTimers({ now: 1e12 });
    await api.get('/streams');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }));
    await api.get('/streams');
    vi.setSystemTime(1e12 + 60_000);
    await api.get('/streams');
    expect(asked.map((a) => a.init.headers['x-entente-background'])).toEqual(['1', undefined, '1']);
  });

  it('leaves out what is not asked for', async () => {
    const asked = service([200, {}]);
    await api.get('/audit', { query: { limit: 5, who: '', kind: undefined, key: 'a&b' }, background: true });
    expect(asked[0]!.url).toBe('/api/v1/audit?limit=5&key=a%26b');
    expect(asked[0]!.init.headers['x-entente-background']).toBe('1');
    expect(asked[0]!.init.headers['x-csrf-token']).toBeUndefined();
  });
});

it('gives the objects of an answer line by line, wherever it is cut', async () => {
  const parts = ['{"step":"dns"', '}\n{"step":"con', 'nect"}\n\n{"end"', ':true}'];
  vi.stubGlobal('fetch', vi.fn(async () => new Response(new ReadableStream({
    start(c) {
      for (const part of parts) c.enqueue(new TextEncoder().encode(part));
      c.close();
    },
  }), { status: 200 })));
  const got: unknown[] = [];
  for await (const line of api.lines('POST', '/tests', { body: { partner: 'x' } })) got.push(line);
  expect(got).toEqual([{ step: 'dns' }, { step: 'connect' }, { end: true }]);
});
