import dns from 'node:dns';
import { afterEach, expect, it, jest } from '@jest/globals';
import { FakeServer, rows } from '../../testing/fake-server.js';
import { ClickHouseClient } from '../clickhouse-client.js';

let server: FakeServer | undefined;
let client: ClickHouseClient | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await client?.close();
  await server?.stop();
});

/** Reads from a server whose name has these addresses, as from one copy of a cluster. */
async function readFrom(addresses: readonly string[], copies: 'replicated' | 'written') {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  server = await FakeServer.start(rows({ n: 1 }));
  jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((_name: string, _options: object, callback: (error: null, found: object) => void) =>
      callback(null, found)) as never);
  const { port } = new URL(server.url);
  client = new ClickHouseClient({
    endpoints: [{ url: `http://ch.invalid:${port}`, shard: '1' }],
    cluster: { name: 'c', copies, layout: [{ shards: 1 }] },
    retry: { maxAttempts: 1 },
  });
  return client.allTables().rows('test', 'SELECT 1 AS n');
}

it.each([[['127.0.0.1']], [['127.0.0.1', '::1']]])(
  'written copy named by %j is connected to',
  async (addresses) => {
    expect(await readFrom(addresses, 'written')).toEqual([{ n: 1 }]);
  },
);

it('written copy is refused while its name has several servers', async () => {
  await expect(readFrom(['127.0.0.1', '127.0.0.2'], 'written')).rejects.toMatchObject({
    code: 'CONNECTION',
    message: expect.stringContaining('ch.invalid has 2 addresses, but a written copy is one server'),
  });
  expect(server!.queries).toEqual([]);
});

it('servers of one name may be replicated copies', async () => {
  expect(await readFrom(['127.0.0.1', '127.0.0.1'], 'replicated')).toEqual([{ n: 1 }]);
});
