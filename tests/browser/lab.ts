/**
 * An Entente of its own with its panel, and partners: a real Prosody (tests/support/panel.py), or
 * scripted ones that say what was on the wire (tests/support/panel_wire.py).
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../..', import.meta.url));

export interface Hello {
  url: string;
  socket: string;
  folder: string;
  /** The partner's domain, and ours. */
  partner: string;
  domain: string;
  /** The first administrator, and the one-time password. */
  name: string;
  password: string;
}

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export class Lab {
  private constructor(private child: ChildProcessWithoutNullStreams, private lines: AsyncIterator<string>, readonly at: Hello) {}

  /** options: of the program. */
  static async start(program: 'panel.py' | 'panel_wire.py' = 'panel.py', ...options: string[]): Promise<Lab> {
    const build = process.env.ENTENTE_BUILD ?? `${top}/build`;
    const child = spawn('/usr/bin/python3', ['-B', `${top}/tests/support/${program}`, '--build', build, ...options], { stdio: 'pipe' });
    let trouble = '';
    child.stderr.on('data', (text) => { trouble += String(text); });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    const hello = first.done ? { error: trouble } : (JSON.parse(first.value) as Hello & { error?: string });
    if (hello.error !== undefined) throw new Error(`the lab did not start: ${hello.error}`);
    return new Lab(child, lines, hello as Hello);
  }

  /** An order by its name; see the program. */
  async tell<T>(order: string, ...args: unknown[]): Promise<T> {
    this.child.stdin.write(`${JSON.stringify({ do: order, args })}\n`);
    const line = await this.lines.next();
    const answer = line.done ? { error: 'the lab has ended' } : (JSON.parse(line.value) as { ok?: T; error?: string });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.ok as T;
  }

  /** Runs the entente command, which must succeed; what it printed. */
  async entente(...args: string[]): Promise<string> {
    const ran = await this.tell<Ran>('run', ...args);
    if (ran.code !== 0) throw new Error(`entente ${args.join(' ')} gave ${ran.code}: ${ran.out}${ran.err}`);
    return ran.out;
  }

  /** The same with --json. */
  async ask<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.entente('--json', ...args)) as T;
  }

  stopEntented = () => this.tell<number>('stop');
  startEntented = () => this.tell<null>('start_again');
  /** A contact of the partner writes to a SIP user. */
  write = (text: string) => this.tell<null>('write', text);

  async end(): Promise<void> {
    const over = new Promise((done) => this.child.once('exit', done));
    this.child.stdin.end();
    await over;
  }
}
