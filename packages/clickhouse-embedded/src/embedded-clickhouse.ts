import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineLibrary } from './engine-library.js';
import { serverArguments, writeServerFiles } from './server-files.js';
import type { ServerEnd, ServerProcess } from './spawn-server.js';
import { spawnServer } from './spawn-server.js';

export interface EmbeddedClickHouseOptions {
  /** Directory of data that outlives the server. @default a temporary directory, removed with the server */
  dataDirectory?: string;
  /** Password of the user, for servers that share one, such as those of a cluster. @default random, new at each start */
  password?: string;
  /** Time limit of the start. @default 30,000 (milliseconds) */
  startTimeoutMs?: number;
  /** Port for HTTP, for servers whose address outlives them. @default a free port, new at each start */
  httpPort?: number;
  /** Port of the native protocol. @default a free port, new at each start */
  tcpPort?: number;
  /** XML elements that are added to the engine's configuration, such as `<remote_servers>` and `<macros>`. @default none */
  configuration?: string;
  /** Whether the server keeps its spans of traced queries in `system.opentelemetry_span_log`. @default false */
  spanLog?: boolean;
}

/**
 * A running server. It ends when it is stopped and when this process ends, even by SIGKILL, and does not keep this process
 * running. When its engine ends, it is restarted on its data behind the same ports: running requests fail, new ones wait.
 */
export interface EmbeddedClickHouse {
  /** Address for HTTP, without credentials, on loopback. */
  readonly url: string;
  readonly httpPort: number;
  /** Port of the native protocol. */
  readonly tcpPort: number;
  readonly username: string;
  /** The password that was given, or a random one. Not enumerable, so that no printed or serialised object shows it. */
  readonly password: string;
  readonly dataDirectory: string;
  /** Id of the server's process. The engine runs in a child of it and ends with it. */
  readonly pid: number;
  /** Number of restarts of the engine. */
  readonly restarts: number;
  /**
   * Resolves once the server has ended for good and its temporary files are removed: when it is stopped or killed, or when its
   * engine cannot be restarted.
   */
  readonly closed: Promise<ServerEnd>;
  /**
   * Ends the server at once, without loss of acknowledged rows, and removes a temporary data directory. Further calls have no
   * effect.
   */
  stop(): Promise<void>;
}

/** The server did not start. The message ends with the engine's output. */
export class EmbeddedStartError extends Error {
  override readonly name = 'EmbeddedStartError';
}

const USERNAME = 'dal';
const POLL_MS = 15;
const IN_USE = /Cannot lock file .*Another server instance/s;

/**
 * Starts a ClickHouse server on loopback, with a password and free ports. Any number can run at the same time, each with
 * its own data directory. Throws `UnsupportedPlatformError` on a platform without an engine, and `EmbeddedStartError` when the
 * server does not start, for instance because another server uses the data directory.
 */
export async function startEmbeddedClickHouse(
  options: EmbeddedClickHouseOptions = {},
): Promise<EmbeddedClickHouse> {
  requireOptions(options);
  const { dataDirectory: kept, startTimeoutMs = 30_000, spanLog = false } = options;
  const { password = randomBytes(24).toString('base64url'), configuration = '' } = options;
  const library = engineLibrary();
  const own = await mkdtemp(join(tmpdir(), 'clickhouse-embedded-'));
  const dataDirectory = kept === undefined ? join(own, 'data') : resolve(kept);
  let spawned: ServerProcess | undefined;
  try {
    await makePrivate(dataDirectory);
    const files = await writeServerFiles(own, {
      username: USERNAME,
      password,
      spanLog,
      configuration,
      httpPort: options.httpPort ?? 0,
      tcpPort: options.tcpPort ?? 0,
    });
    const started = spawnServer({
      library,
      args: serverArguments(dataDirectory, files),
      removeAtEnd: own,
    });
    spawned = started;
    const [httpPort, tcpPort] = await waitForPorts(started, files.ports, startTimeoutMs, dataDirectory);
    started.unref();
    const closed = started.ended.then(async (end) => {
      await remove(own);
      return end;
    });
    const server: Omit<EmbeddedClickHouse, 'password' | 'restarts'> = {
      url: `http://127.0.0.1:${httpPort}`,
      httpPort,
      tcpPort,
      username: USERNAME,
      dataDirectory,
      pid: started.pid!,
      closed,
      stop: async () => {
        started.ref();
        started.kill();
        await closed;
      },
    };
    return Object.defineProperties(server, {
      password: { value: password },
      restarts: { get: started.restarts, enumerable: true },
    }) as EmbeddedClickHouse;
  } catch (error) {
    spawned?.kill();
    await spawned?.ended;
    await remove(own);
    throw error;
  }
}

/** Creates a directory for this user only; restricts an existing one when it is empty or has data of an engine. */
async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = await readdir(directory);
  // A mounted volume of another user keeps its rights.
  if (names.length === 0 || names.includes('status')) await chmod(directory, 0o700).catch(() => undefined);
}

const remove = (directory: string) => rm(directory, { recursive: true, force: true });

/** Waits for the file with the server's ports. Throws when the server ends or does not write it in time. */
async function waitForPorts(
  server: ServerProcess,
  file: string,
  timeoutMs: number,
  dataDirectory: string,
): Promise<[http: number, tcp: number]> {
  const until = performance.now() + timeoutMs;
  let ended = false;
  void server.ended.then(() => (ended = true));
  while (!ended) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) {
      const [http, tcp] = text.trim().split('\t').map(Number);
      return [http!, tcp!];
    }
    if (performance.now() > until) {
      throw new EmbeddedStartError(
        `ClickHouse did not start within ${timeoutMs} ms. ${server.errorOutput()}`,
      );
    }
    await sleep(POLL_MS);
  }
  throw new EmbeddedStartError(
    IN_USE.test(server.errorOutput())
      ? `Another ClickHouse server uses the data directory ${dataDirectory}.`
      : `ClickHouse ended while it started. ${server.errorOutput()}`,
  );
}

interface OptionRule {
  readonly expected: string;
  accepts(value: unknown): boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const PORT: OptionRule = {
  expected: 'a port, 1 to 65535',
  accepts: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535,
};

const OPTIONS: Readonly<Record<keyof EmbeddedClickHouseOptions, OptionRule>> = {
  dataDirectory: {
    expected: 'a path',
    accepts: isText,
  },
  password: {
    expected: 'a text that is not empty',
    accepts: isText,
  },
  startTimeoutMs: {
    expected: 'a number of milliseconds, 0 or more',
    accepts: (value) => typeof value === 'number' && value >= 0,
  },
  httpPort: PORT,
  tcpPort: PORT,
  configuration: {
    expected: 'XML elements',
    accepts: isText,
  },
  spanLog: {
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
  },
};

function requireOptions(options: EmbeddedClickHouseOptions): void {
  for (const [name, value] of Object.entries(options ?? { options })) {
    if (!Object.hasOwn(OPTIONS, name)) {
      throw new EmbeddedStartError(
        `unknown option ${name}, expected one of ${Object.keys(OPTIONS).join(', ')}`,
      );
    }
    const { accepts, expected } = OPTIONS[name as keyof EmbeddedClickHouseOptions];
    if (value !== undefined && !accepts(value)) throw new EmbeddedStartError(`${name} must be ${expected}`);
  }
}
