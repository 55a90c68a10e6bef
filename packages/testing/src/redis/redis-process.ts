import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { killWithParent } from '../child-process.js';
import { freePort } from '../free-port.js';

/** Makes a replica delete the file that it was first synchronized from, which would otherwise be loaded at its restart. */
const FORGETFUL = ['--rdb-del-sync-files', 'yes'];

/** A `redis-server` that a test may kill, stop and start again on the same port. Keeps nothing on disk. */
export class RedisProcess {
  readonly port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  static async start(...args: string[]): Promise<RedisProcess> {
    const port = await freePort();
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    return RedisProcess.#started(port, [...own, ...FORGETFUL, ...args]);
  }

  /** Starts a server that accepts TLS only. */
  static async startTls(...args: string[]): Promise<RedisProcess> {
    const port = await freePort();
    const own = ['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''];
    return RedisProcess.#started(port, [...own, ...args]);
  }

  /** Starts a server with a configuration file, which names the port. */
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

  /** Starts the server again. Resolves when it accepts connections. */
  async start(): Promise<void> {
    const child = spawn('redis-server', this.#args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    this.#watcher = killWithParent(child);
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', () =>
        reject(new Error('redis-server did not start: install it (apt-get install redis-server)')),
      );
      child.once('exit', () => reject(new Error(`redis-server ended at its start:\n${log}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        log += String(chunk);
        if (/Ready to accept connections|\+monitor/.test(log)) resolve();
      });
    });
  }

  /** Kills the server with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#watcher?.kill();
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Suspends the server: connections stay open and nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }
}
