import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { bundledProgram } from './bundled-program.js';

export interface Child {
  readonly process: ChildProcess;
  /** Resolves with everything printed when the process has ended. */
  readonly output: Promise<string>;
  /** Resolves at the first output. */
  readonly started: Promise<unknown>;
}

/** Runs a TypeScript file in a process of its own, with the sources of all packages. */
export async function startChild(script: URL, ...args: string[]): Promise<Child> {
  const child = spawn(process.execPath, [await bundledProgram(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return {
    process: child,
    started: once(child.stdout, 'data'),
    output: once(child, 'close').then(() => printed),
  };
}

/** Prints a line synchronously, so that it is not lost when the process is killed next. Waits while the pipe is full. */
export function printLine(line: string): void {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** Kills a process when this one ends, however it ends. Returns the watching process, whose kill ends the watch. */
export function killWithParent({ pid }: ChildProcess): ChildProcess {
  // The watcher's input ends when this process does.
  const watcher = spawn('sh', ['-c', `cat >/dev/null; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  (watcher.stdin as Socket).unref();
  return watcher;
}
