import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Exit code or signal of a server's process. */
export interface ServerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Command for `server-process.js`. */
export interface ServerCommand {
  /** Path of the engine's shared library. */
  library: string;
  /** See {@link serverArguments}. */
  args: string[];
  /** Directory that the process removes when it outlives its parent. */
  removeAtEnd: string;
}

export interface ServerProcess {
  readonly pid: number | undefined;
  /** Resolves once the server and its engine have ended, or could not be started. Never rejects. */
  readonly ended: Promise<ServerEnd>;
  /** Returns the end of the engine's standard error. */
  errorOutput(): string;
  /** Returns the number of restarts of the engine. */
  restarts(): number;
  kill(): void;
  /** Lets this process end while the server runs, until `ref` is called. */
  unref(): void;
  ref(): void;
}

const MAX_OUTPUT_LENGTH = 4_000;

/** Starts a process in UTC, without the loader, inspector and memory flags of this one. */
export function spawnServer(command: ServerCommand): ServerProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const server = spawn(process.execPath, [fileURLToPath(new URL('./server-process.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...env, TZ: 'UTC' },
  });
  let restarts = 0;
  createInterface({ input: server.stdout }).on('line', (line) => ({ restarts } = JSON.parse(line)));
  let output = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-MAX_OUTPUT_LENGTH);
  });
  const ended = new Promise<ServerEnd>((resolve) => {
    server.once('close', (code, signal) => resolve({ code, signal }));
    server.once('error', (error) => {
      output = error.message;
      resolve({ code: null, signal: null });
    });
  });
  server.stdin.on('error', () => undefined);
  server.stdin.write(`${JSON.stringify(command)}\n`);
  const handles = [server, server.stdin, server.stdout, server.stderr] as { ref?(): void; unref?(): void }[];
  return {
    pid: server.pid,
    ended,
    errorOutput: () => output.trim(),
    restarts: () => restarts,
    kill: () => server.kill('SIGKILL'),
    unref: () => handles.forEach((handle) => handle.unref?.()),
    ref: () => handles.forEach((handle) => handle.ref?.()),
  };
}
