import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How a server's process ended: by an exit code or by a signal. */
export interface ServerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What the process needs to become a server; see `server-process.js`. */
export interface ServerOrders {
  /** Path of the engine's shared library. */
  library: string;
  /** See {@link serverArguments}. */
  args: string[];
  /** Directory that the process removes when it outlives its parent. */
  removeAtEnd: string;
}

export interface ServerProcess {
  readonly pid: number | undefined;
  /** Settled once the server and its engine have ended. Never rejects: a process that could not be started has ended. */
  readonly ended: Promise<ServerEnd>;
  /** The last of what the engine said on standard error. */
  said(): string;
  /** How often the engine has been started again. */
  restarts(): number;
  kill(): void;
  /** From here on the server no longer keeps this process running, until `hold` is called. */
  letGo(): void;
  hold(): void;
}

const SAID_CHARACTERS = 4_000;

/** Starts a clean process: no loader, inspector or memory flags of this one, and in UTC. */
export function spawnServer(orders: ServerOrders): ServerProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const server = spawn(process.execPath, [fileURLToPath(new URL('./server-process.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...env, TZ: 'UTC' },
  });
  let restarts = 0;
  createInterface({ input: server.stdout }).on('line', (line) => ({ restarts } = JSON.parse(line)));
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS);
  });
  const ended = new Promise<ServerEnd>((resolve) => {
    server.once('close', (code, signal) => resolve({ code, signal }));
    server.once('error', (error) => {
      said = error.message;
      resolve({ code: null, signal: null });
    });
  });
  server.stdin.on('error', () => undefined);
  server.stdin.write(`${JSON.stringify(orders)}\n`);
  const handles = [server, server.stdin, server.stdout, server.stderr] as { ref?(): void; unref?(): void }[];
  return {
    pid: server.pid,
    ended,
    said: () => said.trim(),
    restarts: () => restarts,
    kill: () => server.kill('SIGKILL'),
    letGo: () => handles.forEach((handle) => handle.unref?.()),
    hold: () => handles.forEach((handle) => handle.ref?.()),
  };
}
