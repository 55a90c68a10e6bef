import { setTimeout as delay } from 'node:timers/promises';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { Memory } from '../memory.js';
import { watchMemory } from '../memory.js';
import type { BenchServer } from '../server.js';
import { collectGarbage } from '../settle.js';
import { costOf } from './cost.js';
import { rawStream } from './raw.js';

/** Table, form and number of the rows to stream. */
export interface StreamJob {
  readonly settings: BenchServer['settings'];
  readonly database: string;
  readonly form: 'rows' | 'columns' | 'json';
  readonly rows: number;
  /** Wait between two batches, in milliseconds. */
  readonly slowMs: number;
}

/** Figures of one stream. */
export interface StreamOutcome {
  readonly rowsPerSecond: number;
  readonly cpuNanosPerRow: number;
  /** Above the start. */
  readonly peak: Memory;
}

/** Streams what the parent process asks for, and ends. */
process.once('message', (job: StreamJob) => {
  void run(job).then((outcome) => process.send!(outcome, () => process.exit()));
});

async function run(job: StreamJob): Promise<StreamOutcome> {
  const read = readerOf(job);
  await read(job.rows / 100);
  collectGarbage();
  const peak = watchMemory();
  const { ms, cpuMicros } = await costOf(async () => {
    const got = await read(job.rows);
    if (got !== job.rows) throw new Error(`${got} rows were streamed, ${job.rows} are there`);
  });
  return {
    rowsPerSecond: Math.round((job.rows * 1_000) / ms),
    cpuNanosPerRow: (cpuMicros * 1_000) / job.rows,
    peak: peak(),
  };
}

/** Returns what streams so many rows and returns how many came. */
function readerOf({ settings, database, form, slowMs }: StreamJob): (limit: number) => Promise<number> {
  if (form === 'json') {
    const client = createClient({ ...settings, database, log: { level: ClickHouseLogLevel.OFF } });
    return (limit) => rawStream(client, { query: `SELECT * FROM market_data LIMIT ${limit}` });
  }
  const { marketData } = connectClickHouse({ ...settings, database });
  return async (limit) => {
    let rows = 0;
    const batches = form === 'rows' ? marketData.stream({ limit }) : marketData.streamColumns({ limit });
    for await (const batch of batches) {
      rows += Array.isArray(batch) ? batch.length : batch.rowCount;
      if (slowMs > 0) await delay(slowMs);
    }
    return rows;
  };
}
