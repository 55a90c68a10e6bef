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

/** A process that records entries named `<prefix>:<number>` and prints each one's name once it is recorded. */
export function startRecording(directory: string, prefix: string, entries = Infinity): Child {
  const path = fileURLToPath(new URL('record-loop.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, directory, prefix, String(entries)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--conditions=@quantumtrade/source' },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return {
    process: child,
    started: once(child.stdout, 'data'),
    output: once(child, 'close').then(() => printed),
  };
}
