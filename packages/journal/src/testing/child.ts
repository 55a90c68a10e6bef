import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it has ended, with all it printed. */
  readonly output: Promise<string>;
  /** Resolves at its first output. */
  readonly started: Promise<unknown>;
}

/** Runs a script of this folder, or at a file URL, in a process of its own, from the sources of all packages. */
export function startChild(script: string, ...args: string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@quantumtrade/source', path, ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return {
    process: child,
    started: once(child.stdout, 'data'),
    output: once(child, 'close').then(() => printed),
  };
}
