import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';

/** What a replica was sent to begin with would be there again after its end, however old. */
const FORGETFUL = ['--rdb-del-sync-files', 'yes'];

/** A `redis-server` of a test's own, that it may kill, stop and start again on the same port. Nothing is kept on disk. */
export class RedisProcess {
  readonly port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  static async start(...args: string[]): Promise<RedisProcess> {
    const port = await freePort();
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    return RedisProcess.#started(port, [...own, ...FORGETFUL, ...args]);
  }

  /** One that speaks TLS and nothing else. */
  static async startTls(...args: string[]): Promise<RedisProcess> {
    const port = await freePort();
    const own = ['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''];
    return RedisProcess.#started(port, [...own, ...args]);
  }

  /** One that runs by a file, which names the port. */
  static startWith(file: string, port: number, ...args: string[]): Promise<RedisProcess> {
    return RedisProcess.#started(port, [file, ...args]);
  }

  static async #started(port: number, args: readonly string[]): Promise<RedisProcess> {
    const server = new RedisProcess(port, args);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when the server takes connections. */
  async start(): Promise<void> {
    const child = spawn('redis-server', this.#args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    this.#guard = guardOf(child);
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', () =>
        reject(new Error('redis-server did not start: install it (apt-get install redis-server)')),
      );
      child.once('exit', () => reject(new Error(`redis-server ended at once:\n${log}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        log += String(chunk);
        if (/Ready to accept connections|\+monitor/.test(log)) resolve();
      });
    });
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#guard?.kill();
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Makes it hang: connections stay open and nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }
}

/** Ends a process when this one ends, however that happens: the end of the guard's input tells it so. */
function guardOf({ pid }: ChildProcess): ChildProcess {
  const guard = spawn('sh', ['-c', `cat >/dev/null; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  return guard;
}

/** Where systems take none for outgoing connections: one of those could have it before the server does, or while it is dead. */
const PORTS = { first: 10_000, count: 22_000 };

export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is yes. Where it never is, the runner's own limit ends the test. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
