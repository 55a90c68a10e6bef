import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import type { EmbeddedClickHouse } from './embedded-clickhouse.js';
import { EmbeddedStartError, startEmbeddedClickHouse } from './embedded-clickhouse.js';
import { ask } from './testing/ask.js';
import { nativeHello } from './testing/native-hello.js';
import { gone, parentOfServer } from './testing/parent.js';

describe('running server', () => {
  let server: EmbeddedClickHouse;
  beforeAll(async () => {
    server = await startEmbeddedClickHouse();
  });
  afterAll(() => server.stop());

  it('server answers HTTP requests in UTC', async () => {
    expect(await ask(server, 'SELECT timezone(), currentUser(), 1 + 1')).toBe('UTC\tdal\t2');
  });

  it('server answers over the native protocol', async () => {
    expect(await nativeHello(server.tcpPort, server.username, server.password)).toBe(0);
  });

  it('server refuses a wrong password', async () => {
    await expect(ask({ ...server, password: 'wrong' }, 'SELECT 1')).rejects.toThrow('AUTHENTICATION_FAILED');
  });

  it('server refuses logins without a password', async () => {
    const nobody = { ...server, username: 'default', password: '' };
    await expect(ask(nobody, 'SELECT 1')).rejects.toThrow('AUTHENTICATION_FAILED');
    expect((await fetch(`${server.url}/?query=SELECT+1`)).ok).toBe(false);
  });

  it.each(['httpPort', 'tcpPort'] as const)(
    'server listens on one loopback address only (%s)',
    async (port) => {
      const socket = connect(server[port], '127.0.0.2');
      const outcome = await Promise.race([
        once(socket, 'connect').then(() => 'connected'),
        new Promise((resolve) => socket.once('error', () => resolve('refused'))),
      ]);
      socket.destroy();
      expect(outcome).toBe('refused');
    },
  );

  it('server files are private and hold no password', async () => {
    await ask(server, 'CREATE TABLE private (n UInt8) ENGINE = MergeTree ORDER BY n AS SELECT 1');
    const own = dirname(server.dataDirectory);
    const entries = await readdir(own, { recursive: true, withFileTypes: true });
    const open: string[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if ((await lstat(path)).mode & 0o077 && !entry.isSymbolicLink()) open.push(path);
      if (entry.isFile()) expect(await readFile(path, 'latin1')).not.toContain(server.password);
    }
    expect((await stat(own)).mode & 0o077).toBe(0);
    expect(open).toEqual([]);
  });

  it('printed server shows no password', () => {
    expect(inspect(server) + JSON.stringify(server)).not.toContain(server.password);
  });

  it('asynchronous insert is stored when it is answered', async () => {
    await ask(server, 'CREATE TABLE asynchronous (n UInt8) ENGINE = MergeTree ORDER BY n');
    await ask(
      server,
      'INSERT INTO asynchronous VALUES (7)',
      'async_insert=1&wait_for_async_insert=0&async_insert_busy_timeout_min_ms=60000&async_insert_busy_timeout_max_ms=60000',
    );
    expect(await ask(server, 'SELECT n FROM asynchronous')).toBe('7');
  });

  it('server deduplicates by token, explains, limits and kills queries', async () => {
    const endless = "SELECT count() FROM numbers(1e12) WHERE sipHash64(number) = 1 AND 'endless' != ''";
    await ask(
      server,
      'CREATE TABLE tokened (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10',
    );
    await ask(server, 'INSERT INTO tokened VALUES (1)', 'insert_deduplication_token=t');
    await ask(server, 'INSERT INTO tokened VALUES (1)', 'insert_deduplication_token=t');
    expect(await ask(server, 'SELECT count() FROM tokened')).toBe('1');
    expect(await ask(server, 'EXPLAIN SELECT * FROM tokened')).toContain('tokened');
    await expect(ask(server, endless, 'max_execution_time=0.2')).rejects.toThrow('TIMEOUT_EXCEEDED');
    const killed = expect(ask(server, endless, 'query_id=endless')).rejects.toThrow('QUERY_WAS_CANCELLED');
    while ((await ask(server, "SELECT count() FROM system.processes WHERE query_id = 'endless'")) === '0');
    await ask(server, "KILL QUERY WHERE query_id = 'endless' SYNC");
    await killed;
  });
});

it.each([
  ['dal', 'wrong'],
  ['default', ''],
])('native protocol refuses %s with the password "%s"', async (username, password) => {
  const server = await startEmbeddedClickHouse();
  expect(await nativeHello(server.tcpPort, username, password)).toBe(2);
  await server.stop();
});

it('servers may share a password', async () => {
  const password = 'two words "quoted"';
  const servers = await Promise.all([1, 2].map(() => startEmbeddedClickHouse({ password })));
  for (const server of servers) {
    expect(server.password).toBe(password);
    expect(await ask(server, 'SELECT 1')).toBe('1');
    await expect(ask({ ...server, password: 'another' }, 'SELECT 1')).rejects.toThrow();
  }
  await Promise.all(servers.map((server) => server.stop()));
});

it('server keeps the ports that it is given', async () => {
  const first = await startEmbeddedClickHouse();
  const { httpPort, tcpPort, password } = first;
  await expect(startEmbeddedClickHouse({ httpPort })).rejects.toThrow(`EADDRINUSE: address already in use`);
  await first.stop();
  const second = await startEmbeddedClickHouse({ httpPort, tcpPort, password });
  expect([second.httpPort, second.tcpPort]).toEqual([httpPort, tcpPort]);
  expect(await ask(first, 'SELECT 1')).toBe('1');
  await second.stop();
});

it('server has the configuration that it is given', async () => {
  const server = await startEmbeddedClickHouse({ configuration: '<macros><shard>7</shard></macros>' });
  expect(await ask(server, "SELECT getMacro('shard')")).toBe('7');
  await server.stop();
});

it.each([{ httpPort: 0 }, { tcpPort: 65_536 }, { configuration: '' }])(
  'start refuses %j',
  async (options) => {
    await expect(startEmbeddedClickHouse(options)).rejects.toThrow(
      /^(httpPort|tcpPort|configuration) must be/,
    );
  },
);

it('concurrent servers have separate data, ports and passwords', async () => {
  const servers = await Promise.all([1, 2, 3, 4].map(() => startEmbeddedClickHouse()));
  await Promise.all(servers.map((server, i) => ask(server, `CREATE DATABASE d${i}`)));
  const databases = "SELECT groupArray(name) FROM system.databases WHERE name LIKE 'd_'";
  expect(await Promise.all(servers.map((server) => ask(server, databases)))).toEqual([
    "['d0']",
    "['d1']",
    "['d2']",
    "['d3']",
  ]);
  expect(new Set(servers.flatMap((s) => [s.httpPort, s.tcpPort, s.password])).size).toBe(12);
  await Promise.all(servers.map((server) => server.stop()));
});

describe('data directory', () => {
  let dataDirectory: string;
  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'kept-'));
    await chmod(dataDirectory, 0o755);
  });
  afterEach(() => rm(dataDirectory, { recursive: true }));

  const insertRows = async (server: EmbeddedClickHouse) => {
    await ask(server, 'CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n');
    await ask(server, 'INSERT INTO kept SELECT number FROM numbers(1000)');
  };
  const countRows = (server: EmbeddedClickHouse) => ask(server, 'SELECT count(), sum(n) FROM kept');

  it('data directory keeps acknowledged rows when the server is killed', async () => {
    const first = await startEmbeddedClickHouse({ dataDirectory });
    await insertRows(first);
    expect((await stat(dataDirectory)).mode & 0o077).toBe(0);
    process.kill(first.pid, 'SIGKILL');
    expect(await first.closed).toEqual({ code: null, signal: 'SIGKILL' });
    const second = await startEmbeddedClickHouse({ dataDirectory });
    expect(await countRows(second)).toBe('1000\t499500');
    await second.stop();
    const third = await startEmbeddedClickHouse({ dataDirectory });
    expect(await countRows(third)).toBe('1000\t499500');
    await third.stop();
  });

  it('data directory belongs to one server at a time', async () => {
    const first = await startEmbeddedClickHouse({ dataDirectory });
    await insertRows(first);
    await expect(startEmbeddedClickHouse({ dataDirectory })).rejects.toThrow(
      new EmbeddedStartError(`Another ClickHouse server uses the data directory ${dataDirectory}.`),
    );
    expect(await countRows(first)).toBe('1000\t499500');
    await first.stop();
  });

  it('start fails with the output of the engine', async () => {
    await mkdir(join(dataDirectory, 'status'));
    await expect(startEmbeddedClickHouse({ dataDirectory })).rejects.toThrow(
      /^ClickHouse ended while it started\. Code: .*status.*Is a directory/s,
    );
  });
});

describe('end of a server', () => {
  it('stopped server removes its temporary directory', async () => {
    const server = await startEmbeddedClickHouse();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(existsSync(dirname(server.dataDirectory))).toBe(false);
    await gone(server.pid);
  });

  it('killed server removes its temporary directory', async () => {
    const server = await startEmbeddedClickHouse();
    process.kill(server.pid, 'SIGKILL');
    await server.closed;
    expect(existsSync(dirname(server.dataDirectory))).toBe(false);
    await server.stop();
  });

  it('start that takes too long ends the server', async () => {
    const before = await readdir(tmpdir());
    await expect(startEmbeddedClickHouse({ startTimeoutMs: 0 })).rejects.toThrow('did not start within 0 ms');
    const left = (await readdir(tmpdir())).filter((name) => !before.includes(name));
    expect(left.filter((name) => name.startsWith('clickhouse-embedded-'))).toEqual([]);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'server ends with its parent (%s) and leaves no files',
    async (signal) => {
      const { parent, server } = await parentOfServer('setInterval(() => {}, 1000);');
      parent.kill(signal);
      await gone(server.pid);
      expect(existsSync(dirname(server.dataDirectory))).toBe(false);
    },
  );

  it('server does not keep its parent running', async () => {
    const { ended, server } = await parentOfServer('');
    expect(await ended).toEqual([0, null]);
    await gone(server.pid);
    expect(existsSync(dirname(server.dataDirectory))).toBe(false);
  });

  it('parent waits for the server when it stops it', async () => {
    const { ended, server } = await parentOfServer('await server.stop();');
    expect(await ended).toEqual([0, null]);
    expect(existsSync(dirname(server.dataDirectory))).toBe(false);
  });

  it('server ignores terminal signals', async () => {
    const server = await startEmbeddedClickHouse();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(server.pid, signal);
    expect(await ask(server, 'SELECT 1')).toBe('1');
    await server.stop();
  });
});
