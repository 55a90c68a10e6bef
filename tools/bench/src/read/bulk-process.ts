import http from 'node:http';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { ColumnQuery } from '@quantumtrade/dal-domain';
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
    | 'json'
    | 'native'
    | 'sameBytes';
  readonly rows: number;
  readonly params: ColumnQuery<'marketData'>;
  readonly plain: RawQuery;
  /** The request of our columns. */
  readonly request: RecordedRequest;
}

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
function readerOf({ settings, database, form, params, plain, request }: BulkJob): () => Promise<number> {
  const { marketData } = connectClickHouse({ ...settings, database });
  const raw = createClient({ ...settings, database, log: { level: ClickHouseLogLevel.OFF } });
  const agent = new http.Agent({ keepAlive: true });
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
    case 'json':
      return async () => (await rawRows(raw, plain)).length;
    case 'native':
      return () => rawBytes(raw, plain);
    case 'sameBytes':
      return () => receiveAndDrop(settings.url, request, agent);
  }
}
