import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { killWithParent } from './child-process.js';
import { until } from './until.js';

/** A program that a test may kill, and start again with the same arguments. Ends with this process. */
export class RestartableProcess {
  readonly #command: readonly [program: string, ...args: string[]];
  readonly #isReady: () => Promise<boolean>;
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;

  constructor(command: readonly [program: string, ...args: string[]], isReady: () => Promise<boolean>) {
    this.#command = command;
    this.#isReady = isReady;
  }

  /** Resolves when the program is ready. Rejects with its output when it ends before. */
  async start(): Promise<void> {
    const [program, ...args] = this.#command;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output = (output + String(chunk)).slice(-2_000)));
    }
    const failed = Promise.race([once(child, 'exit'), once(child, 'error')]).then(([reason]) => {
      throw new Error(`${program} did not start: ${String(reason)}\n${output}`);
    });
    failed.catch(() => undefined);
    if (child.pid !== undefined) this.#watcher = killWithParent(child);
    await Promise.race([failed, until(this.#isReady)]);
  }

  /** Kills the program with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#watcher?.kill('SIGKILL');
    if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
