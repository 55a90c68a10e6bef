import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWithParent } from './child-process.js';
import { until } from './until.js';

/** A server that a test may kill, and start again with the same arguments and data. Ends with this process. */
export abstract class RestartableProcess {
  /** Folder of its configuration and data. */
  protected readonly directory: string;
  protected abstract readonly command: readonly [program: string, ...args: string[]];
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;

  protected constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `${name}-`));
  }

  /** Returns whether the server answers. */
  protected abstract isReady(): Promise<boolean>;

  /** Starts the server, at first or after {@link kill}. Resolves when it answers. Rejects with its output when it ends before. */
  async restart(): Promise<void> {
    const [program, ...args] = this.command;
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
    await Promise.race([failed, until(() => this.isReady())]);
  }

  /** Kills the server with SIGKILL. Its data stay for {@link restart}. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#watcher?.kill('SIGKILL');
    if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
