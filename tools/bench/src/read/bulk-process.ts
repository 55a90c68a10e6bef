import http from 'node:http';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { RowSelection } from '@quantumtrade/dal-domain';
import type { BenchServer } from '../server.js';
import { collectGarbage } from '../settle.js';
import { sized } from '../sized.js';
import type { Cost } from './cost.js';
import { costOf } from './cost.js';
import type { RawQuery } from './raw.js';
import { rawBytes, rawRows } from './raw.js';
import type { RecordedRequest } from './recorder.js';
import { receiveAndDrop } from './recorder.js';

/** One way of reading the same rows, and how it is asked for them. */
export interface BulkJob {
  readonly settings: BenchServer['settings'];
  readonly database: string;
  readonly form:
    | 'objects'
    | 'numeric'
    | 'uncountedNumeric'
    | 'uncounted'
    | 'exact'
    | 'columns'
    | 'exactColumns'
    | 'objectsInAnyOrder'
    | 'numericInAnyOrder'
    | 'streamedInAnyOrder'
    | 'streamedNumericInAnyOrder'
    | 'columnsInAnyOrder'
    | 'json'
    | 'native'
    | 'sameBytes'
    | 'sameBytesInAnyOrder';
  readonly rows: number;
  readonly params: BulkParams;
  readonly plain: RawQuery;
  /** The requests of our columns in their default order, and in any. */
  readonly requests: { readonly ordered: RecordedRequest; readonly inAnyOrder: RecordedRequest };
}

/** Parameters that all forms take. */
export type BulkParams = RowSelection<'marketData'> & { readonly limit: number };

/** Reads before the measured ones, after which V8 has optimized all forms; and those, of which the one of median time counts. */
const WARM_UP_READS = sized(8, 0);
const MEASURED_READS = sized(5, 1);

/** Reads what the parent process asks for, and ends. */
process.once('message', (job: BulkJob) => {
  void run(job).then((cost) => process.send!(cost, () => process.exit()));
});

async function run(job: BulkJob): Promise<Cost> {
  const read = readerOf(job);
  const costs: Cost[] = [];
  for (let n = 0; n < WARM_UP_READS + MEASURED_READS; n++) {
    collectGarbage();
    const cost = await costOf(async () => {
      const got = await read();
      if (got < job.rows) throw new Error(`${got} rows were read, ${job.rows} are there`);
    });
    if (n >= WARM_UP_READS) costs.push(cost);
  }
  return costs.sort((a, b) => a.ms - b.ms)[Math.floor(costs.length / 2)]!;
}

/** Returns what reads the rows and returns how many came. */
function readerOf({ settings, database, form, params, plain, requests }: BulkJob): () => Promise<number> {
  const { marketData } = connectClickHouse({ ...settings, database });
  const raw = createClient({ ...settings, database, log: { level: ClickHouseLogLevel.OFF } });
  const agent = new http.Agent({ keepAlive: true });
  const inAnyOrder = { ...params, order: 'none' } as const;
  switch (form) {
    case 'objects':
      return async () => (await marketData.find(params)).data.length;
    case 'numeric':
      return async () => (await marketData.find({ ...params, instants: 'number' })).data.length;
    case 'uncountedNumeric':
      return async () => (await marketData.find({ ...params, instants: 'number', count: false })).data.length;
    case 'uncounted':
      return async () => (await marketData.find({ ...params, count: false })).data.length;
    case 'exact':
      return async () => (await marketData.find(params, { exact: true })).data.length;
    case 'columns':
      return async () => (await marketData.columns(params)).rowCount;
    case 'exactColumns':
      return async () => (await marketData.columns(params, { exact: true })).rowCount;
    case 'objectsInAnyOrder':
      return async () => (await marketData.find(inAnyOrder)).data.length;
    case 'numericInAnyOrder':
      return async () =>
        (await marketData.find({ ...inAnyOrder, instants: 'number', count: false })).data.length;
    case 'streamedInAnyOrder':
      return () => rowsOf(marketData.stream(inAnyOrder));
    case 'streamedNumericInAnyOrder':
      return () => rowsOf(marketData.stream({ ...inAnyOrder, instants: 'number' }));
    case 'columnsInAnyOrder':
      return async () => (await marketData.columns(inAnyOrder)).rowCount;
    case 'json':
      return async () => (await rawRows(raw, plain)).length;
    case 'native':
      return () => rawBytes(raw, plain);
    case 'sameBytes':
      return () => receiveAndDrop(settings.url, requests.ordered, agent);
    case 'sameBytesInAnyOrder':
      return () => receiveAndDrop(settings.url, requests.inAnyOrder, agent);
  }
}

/** Reads a stream into one list, as a page has its rows. Returns how many there are. `flat` would take longer than V8 makes the rows. */
async function rowsOf(stream: AsyncIterable<object[]>): Promise<number> {
  const batches: object[][] = [];
  for await (const batch of stream) batches.push(batch);
  return new Array<object>().concat(...batches).length;
}
