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
  /** Where the data is kept from start to start. Default is a temporary directory that goes with the server. */
  dataDirectory?: string;
  /** How long the start may take, in milliseconds. Default is 30,000. */
  startTimeoutMs?: number;
}

/**
 * A running server. It ends when it is stopped and when this process ends, however that happens, and does not keep this
 * process running. When its engine ends, it is started again on its data behind the same ports: requests under way fail,
 * new ones wait for it.
 */
export interface EmbeddedClickHouse {
  /** Address for HTTP, without credentials, on loopback. */
  readonly url: string;
  readonly httpPort: number;
  /** Port of the native protocol. */
  readonly tcpPort: number;
  readonly username: string;
  /** Random, new at each start. Not enumerable, so that it is in no printed or serialised object. */
  readonly password: string;
  readonly dataDirectory: string;
  /** Of the server's process; the engine runs in a child of it and ends with it. */
  readonly pid: number;
  /** How often the engine has ended and been started again. */
  readonly restarts: number;
  /**
   * Resolves once the server has ended for good and its temporary files are removed: when it is stopped or killed, and when its
   * engine cannot be started again.
   */
  readonly closed: Promise<ServerEnd>;
  /**
   * Ends the server at once, which loses nothing that it acknowledged, and removes a temporary data directory. Calling it
   * again changes nothing.
   */
  stop(): Promise<void>;
}

/** The server did not start; the message ends with what the engine said. */
export class EmbeddedStartError extends Error {
  override readonly name = 'EmbeddedStartError';
}

const USERNAME = 'dal';
const POLL_MS = 15;
const IN_USE = /Cannot lock file .*Another server instance/s;

/**
 * Starts a ClickHouse server of its own on loopback, with a random password and free ports. Any number can run side by side,
 * each on a data directory of its own.
 * Throws `UnsupportedPlatformError` where the engine does not exist and `EmbeddedStartError` when it does not come up, for
 * instance because another server uses the data directory.
 */
export async function startEmbeddedClickHouse(
  options: EmbeddedClickHouseOptions = {},
): Promise<EmbeddedClickHouse> {
  requireOptions(options);
  const { dataDirectory: kept, startTimeoutMs = 30_000 } = options;
  const library = engineLibrary();
  const own = await mkdtemp(join(tmpdir(), 'clickhouse-embedded-'));
  const dataDirectory = kept === undefined ? join(own, 'data') : resolve(kept);
  const password = randomBytes(24).toString('base64url');
  let spawned: ServerProcess | undefined;
  try {
    await makePrivate(dataDirectory);
    const files = await writeServerFiles(own, USERNAME, password);
    const started = spawnServer({
      library,
      args: serverArguments(dataDirectory, files),
      removeAtEnd: own,
    });
    spawned = started;
    const [httpPort, tcpPort] = await portsOf(started, files.ports, startTimeoutMs, dataDirectory);
    started.letGo();
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
        started.hold();
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

/** Creates a directory that only this user can enter, or makes one so that is empty or has served an engine. */
async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = await readdir(directory);
  // A mounted volume may belong to another user, and then has the rights that user gave it.
  if (names.length === 0 || names.includes('status')) await chmod(directory, 0o700).catch(() => undefined);
}

const remove = (directory: string) => rm(directory, { recursive: true, force: true });

/** Waits for the file in which the server tells its ports, as long as the server lives. */
async function portsOf(
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
      throw new EmbeddedStartError(`ClickHouse did not start within ${timeoutMs} ms. ${server.said()}`);
    }
    await sleep(POLL_MS);
  }
  throw new EmbeddedStartError(
    IN_USE.test(server.said())
      ? `Another ClickHouse server uses the data directory ${dataDirectory}.`
      : `ClickHouse ended while it started. ${server.said()}`,
  );
}

interface OptionRule {
  readonly expected: string;
  accepts(value: unknown): boolean;
}

const OPTIONS: Readonly<Record<keyof EmbeddedClickHouseOptions, OptionRule>> = {
  dataDirectory: {
    expected: 'a path',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  startTimeoutMs: {
    expected: 'a number of milliseconds, 0 or more',
    accepts: (value) => typeof value === 'number' && value >= 0,
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
