import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedClickHouse } from './embedded-clickhouse.js';
import { startEmbeddedClickHouse } from './embedded-clickhouse.js';
import { ask } from './testing/ask.js';
import { engineOf } from './testing/engine-of.js';
import { nativeHello } from './testing/native-hello.js';
import { gone } from './testing/parent.js';

describe('killed engine', () => {
  let dataDirectory: string;
  let server: EmbeddedClickHouse;
  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'restart-'));
    server = await startEmbeddedClickHouse({ dataDirectory });
  });
  afterAll(async () => {
    await server.stop();
    await rm(dataDirectory, { recursive: true });
  });

  it('killed engine is restarted on its data and ports', async () => {
    await ask(server, 'CREATE OR REPLACE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n');
    await ask(server, 'INSERT INTO kept SELECT number FROM numbers(1000)');
    const endless = 'SELECT count() FROM numbers(1e12) WHERE sipHash64(number) = 1';
    const underWay = expect(ask(server, endless, 'query_id=endless')).rejects.toThrow('fetch failed');
    while ((await ask(server, "SELECT count() FROM system.processes WHERE query_id = 'endless'")) === '0');
    const engine = engineOf(server)!;
    process.kill(engine, 'SIGKILL');
    await gone(engine);
    await underWay;
    expect(await ask(server, 'SELECT count(), sum(n) FROM kept')).toBe('1000\t499500');
    expect(await nativeHello(server.tcpPort, server.username, server.password)).toBe(0);
    expect(server.restarts).toBe(1);
  });
});

it('engine ends when the server process is killed', async () => {
  const server = await startEmbeddedClickHouse();
  const engine = engineOf(server)!;
  process.kill(server.pid, 'SIGKILL');
  await server.closed;
  await gone(engine);
});
