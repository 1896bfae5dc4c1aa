import type { WayOut } from './types';

interface ProblemBody {
  code?: string;
  title?: string;
  detail?: string;
  field?: string;
  ways_out?: WayOut[];
}

/** A refusal of the service (RFC 9457), or with status 0 no answer at all (code `no_answer`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly field: string | null;
  readonly waysOut: WayOut[];
  /** Seconds to wait, when the service says so. */
  readonly retryAfter: number | null;

  constructor(status: number, body: ProblemBody, retryAfter: number | null = null) {
    super(body.detail ?? body.title ?? body.code ?? `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.detail = body.detail ?? body.title ?? '';
    this.field = body.field ?? null;
    this.waysOut = body.ways_out ?? [];
    this.retryAfter = retryAfter;
  }

  static async of(response: Response): Promise<Problem> {
    const seconds = Number(response.headers.get('retry-after') ?? 'x');
    let body: ProblemBody = {};
    try {
      if (/json/.test(response.headers.get('content-type') ?? '')) body = await response.json();
    } catch {
      // Cut off, or not what it says it is: the status has to do.
    }
    return new Problem(response.status, body, Number.isFinite(seconds) ? seconds : null);
  }

  static noAnswer(): Problem {
    return new Problem(0, { code: 'no_answer' });
  }
}

export const isProblem = (e: unknown): e is Problem => e instanceof Problem;
