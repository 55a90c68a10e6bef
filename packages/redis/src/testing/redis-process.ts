import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** A `redis-server` of a test's own, that it may kill, stop and start again on the same port. Nothing is kept on disk. */
export class RedisProcess {
  readonly port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  static async start(...args: string[]): Promise<RedisProcess> {
    const server = new RedisProcess(await freePort(), args);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Resolves when the server takes connections. */
  async start(): Promise<void> {
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...fixed, ...this.#args], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', () =>
        reject(new Error('redis-server did not start: install it (apt-get install redis-server)')),
      );
      child.once('exit', () => reject(new Error(`redis-server ended at once:\n${log}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        log += String(chunk);
        if (log.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
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

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
