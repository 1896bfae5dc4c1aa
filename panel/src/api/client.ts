/** The only place that speaks with /api/v1. */
import { somebodyIsHere } from './activity';
import { connection } from './connection';
import { Problem } from './problem';

export { Problem, isProblem } from './problem';

type QueryValue = string | number | boolean | null | undefined;

export interface Options {
  query?: Record<string, QueryValue>;
  body?: unknown;
  /** A generation, an ETag, or '*': whatever it is. */
  ifMatch?: number | string;
  dryRun?: boolean;
  /** Nobody asked for this: it is no activity that keeps a session alive. By default what is read while nobody is here. */
  background?: boolean;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

/** What the session lends the client: its CSRF token, and how to get a new session. */
interface Gate {
  csrf(): string;
  /** Opens the sign-in dialog over the page; resolves when somebody has signed in again. */
  signInAgain(signal?: AbortSignal): Promise<void>;
  /** Reads the session anew, as after a refused CSRF token. */
  refresh(): Promise<void>;
}

let gate: Gate = {
  csrf: () => '',
  signInAgain: () => Promise.reject(new Problem(401, { code: 'not_signed_in' })),
  refresh: () => Promise.resolve(),
};

export function useGate(next: Gate) {
  gate = next;
}

const base = '/api/v1';

function urlOf(path: string, query: Record<string, QueryValue> = {}, dryRun = false): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  if (dryRun) search.set('dry_run', 'true');
  const text = search.toString();
  return base + path + (text ? `?${text}` : '');
}

const etagOf = (value: number | string) => (value === '*' || String(value).startsWith('"') ? String(value) : `"${value}"`);

function headersOf(method: string, options: Options): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && gate.csrf()) headers['x-csrf-token'] = gate.csrf();
  if (options.ifMatch !== undefined) headers['if-match'] = etagOf(options.ifMatch);
  if (options.background ?? (method === 'GET' && !somebodyIsHere())) headers['x-entente-background'] = '1';
  return headers;
}

/** One answer that is no 401 and no silence; those are waited out where that is safe. */
async function send(method: string, path: string, options: Options): Promise<Response> {
  const url = urlOf(path, options.query, options.dryRun);
  for (let turn = 0; ; turn++) {
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: headersOf(method, options),
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
        credentials: 'same-origin',
        cache: 'no-store',
      });
    } catch (e) {
      if (options.signal?.aborted) throw e;
      const back = connection.lost();
      // Whether a change arrived nobody knows: it is not sent twice.
      if (method !== 'GET') throw Problem.noAnswer();
      await back;
      options.signal?.throwIfAborted();
      continue;
    }
    if (response.ok) return response;
    if ((response.status === 502 || response.status === 504) && method === 'GET') {
      await connection.lost();
      continue;
    }
    const problem = await Problem.of(response);
    if (response.status === 401 && problem.code === 'not_signed_in') {
      await gate.signInAgain(options.signal);
      continue;
    }
    if (problem.code.startsWith('csrf') && turn === 0) {
      await gate.refresh();
      continue;
    }
    throw problem;
  }
}

async function call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  const response = await send(method, path, options);
  const text = response.status === 204 ? '' : await response.text();
  return { data: (text ? JSON.parse(text) : null) as T, etag: response.headers.get('etag') };
}

/** A key in a path. */
export const seg = encodeURIComponent;

export const api = {
  get: <T>(path: string, options?: Options) => call<T>('GET', path, options),
  post: <T>(path: string, options?: Options) => call<T>('POST', path, options),
  patch: <T>(path: string, options?: Options) => call<T>('PATCH', path, options),
  put: <T>(path: string, options?: Options) => call<T>('PUT', path, options),
  del: <T>(path: string, options?: Options) => call<T>('DELETE', path, options),

  /** Like call, for the session itself: a 401 is an answer, silence is an error. */
  async plain<T>(method: string, path: string, options: Options = {}): Promise<T> {
    let response: Response;
    try {
      response = await fetch(urlOf(path, options.query), {
        method,
        headers: headersOf(method, options),
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
        credentials: 'same-origin',
        cache: 'no-store',
      });
    } catch (e) {
      if (options.signal?.aborted) throw e;
      throw Problem.noAnswer();
    }
    if (!response.ok) throw await Problem.of(response);
    const text = response.status === 204 ? '' : await response.text();
    return (text ? JSON.parse(text) : null) as T;
  },

  /** The objects of an answer that has one a line (application/x-ndjson), as they arrive. */
  async *lines<T>(method: 'GET' | 'POST', path: string, options: Options = {}): AsyncGenerator<T> {
    const response = await send(method, path, options);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const parts = (rest + value).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) if (line.trim()) yield JSON.parse(line) as T;
      }
      if (rest.trim()) yield JSON.parse(rest) as T;
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  },
};
