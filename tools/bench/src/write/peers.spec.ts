import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@clickhouse/client';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { benchBars } from './bars.js';
import { OUR_INSERT_SETTINGS, preEncoded } from './peers.js';

/** Settings that differ between requests. */
const OF_THE_REQUEST = ['query', 'query_id', 'database', 'max_execution_time', 'max_query_size'];
/** Whether the answer is compressed, which has no rows. */
const NOT_OF_BLOCKS = /^enable_http_compression$/;

it('sends pre-encoded bytes with the settings of the data layer', async () => {
  const requests: { settings: [string, string][]; body: Buffer }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { searchParams } = new URL(request.url!, 'http://localhost');
      const settings = [...searchParams].filter(
        ([name]) => !OF_THE_REQUEST.includes(name) && !NOT_OF_BLOCKS.test(name),
      );
      requests.push({ settings: settings.sort(), body: Buffer.concat(chunks) });
      response.setHeader('X-ClickHouse-Query-Id', searchParams.get('query_id')!);
      response.setHeader('X-ClickHouse-Summary', JSON.stringify({ read_rows: '10', written_rows: '10' }));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { blocks, probe } = connectClickHouse({ url });
  const client = createClient({ url });
  try {
    const collector = blocks.collect('marketData');
    const { value: records } = benchBars(10).next();
    collector.append({ source: 'bench', records });
    const block = collector.finish()[0]!;
    await blocks.write(block);
    await preEncoded(client, 'native', () => block, OUR_INSERT_SETTINGS).prepare(records)();
  } finally {
    await Promise.all([client.close(), probe.close()]);
    server.close();
  }
  const [ours, theirs] = requests;
  expect(theirs).toEqual(ours);
  expect(ours!.settings).toContainEqual(['optimize_on_insert', '0']);
});
