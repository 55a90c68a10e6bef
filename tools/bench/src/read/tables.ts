import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { Batch, RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { marketData, records } from '@quantumtrade/dal-domain';
import type { BenchServer } from '../server.js';
import type { BarSeries } from '../write/bars.js';
import { barSymbols, benchBars } from '../write/bars.js';
import { columns } from '../write/forms.js';
import { ours } from '../write/ours.js';
import type { ReadScale } from './scale.js';

const BATCH = 100_000;
const MINUTE_MS = 60_000;
/** The bars of every table lie around the end of this month, in two partitions. */
const MONTH_END = Date.UTC(2024, 1, 1);

/** A database with the migrated tables, read by the data layer and by the raw client. */
export interface ReadDatabase {
  readonly name: string;
  readonly backend: TimeSeriesBackend;
  /** The official client with its default settings. */
  readonly raw: ClickHouseClient;
}

/** One-minute bars of a number of symbols in a database of their own. */
export interface BarTable extends ReadDatabase {
  readonly series: BarSeries;
  readonly rows: number;
  readonly barsPerSymbol: number;
  /** Description of the table and the parts in it. */
  readonly state: string;
}

/** State of a table's parts: as the inserts have written them, or each partition merged into one. */
export type PartState = 'inserted' | 'merged';

/** The tables that cases read. Each is filled when a case first asks for it. */
export class ReadTables {
  readonly #server: BenchServer;
  readonly #scale: ReadScale;
  readonly #filled = new Map<string, Promise<BarTable>>();
  readonly #open: ReadDatabase[] = [];

  constructor(server: BenchServer, scale: ReadScale) {
    this.#server = server;
    this.#scale = scale;
  }

  /** Returns the table of 200 symbols in one state. */
  of200(state: PartState): Promise<BarTable> {
    return this.#once(state, state, 200);
  }

  /** Returns the table with many symbols, merged. */
  ofMany(): Promise<BarTable> {
    return this.#once('many', 'merged', this.#scale.manySymbols);
  }

  /** Creates a database named like a record, fills the record's table and merges its parts. */
  async ofRecord<N extends RecordName>(name: N, batches: Iterable<Batch<N>>): Promise<ReadDatabase> {
    await this.#write(name, name, batches);
    await merge(this.#server, name, records[name].table);
    return this.#opened(name);
  }

  async close(): Promise<void> {
    for (const { backend, raw } of this.#open) await Promise.all([backend.probe.close(), raw.close()]);
  }

  #once(database: string, state: PartState, symbols: number): Promise<BarTable> {
    let table = this.#filled.get(database);
    if (!table) this.#filled.set(database, (table = this.#fillBars(database, state, symbols)));
    return table;
  }

  async #fillBars(database: string, state: PartState, symbols: number): Promise<BarTable> {
    const rows = this.#scale.bars;
    const barsPerSymbol = rows / symbols;
    const startMs = MONTH_END - Math.floor(barsPerSymbol / 2) * MINUTE_MS;
    const series: BarSeries = { symbols: barSymbols(symbols), startMs, stepMs: MINUTE_MS };
    await this.#write(database, 'marketData', barBatches(series, rows));
    if (state === 'merged') await merge(this.#server, database, marketData.table);
    const stored = await this.#server.number(`SELECT count() FROM ${database}.market_data`);
    if (stored !== rows) throw new Error(`${database} has ${stored} rows, ${rows} were written`);
    const parts = await countParts(this.#server, database, marketData.table);
    const described = `${rows.toLocaleString('en-US')} bars of ${symbols.toLocaleString('en-US')} symbols`;
    return {
      ...this.#opened(database),
      series,
      rows,
      barsPerSymbol,
      state: `${described} in ${parts} parts of 2 months`,
    };
  }

  /** Nothing is merged while the batch writer writes. */
  async #write<N extends RecordName>(
    database: string,
    record: N,
    batches: Iterable<Batch<N>>,
  ): Promise<void> {
    const layer = await ours(this.#server, database);
    await this.#server.run(`SYSTEM STOP MERGES ${database}.${records[record].table}`);
    const writer = await layer.open({ maxAgeMs: 0 });
    for (const batch of batches) {
      const { errors } = await writer.write(record, batch);
      if (errors[0]) throw new Error(`${errors[0].field} ${errors[0].reason}`);
    }
    await layer.close();
  }

  #opened(name: string): ReadDatabase {
    const settings = { ...this.#server.settings, database: name };
    const opened: ReadDatabase = {
      name,
      backend: connectClickHouse(settings),
      raw: createClient({ ...settings, log: { level: ClickHouseLogLevel.OFF } }),
    };
    this.#open.push(opened);
    return opened;
  }
}

function* barBatches(series: BarSeries, rows: number): Generator<Batch<'marketData'>> {
  const source = benchBars(Math.min(BATCH, rows), series);
  for (let written = 0; written < rows; written += BATCH) yield columns(source.next().value);
}

/** Merges each partition of a table into one part. */
async function merge(server: BenchServer, database: string, table: string): Promise<void> {
  await server.run(`SYSTEM START MERGES ${database}.${table}`);
  const partitions = await countParts(server, database, table, 'uniqExact(partition_id)');
  // A merge that has begun by itself may hide parts from the first attempts.
  while ((await countParts(server, database, table)) > partitions) {
    await server.run(`OPTIMIZE TABLE ${database}.${table} FINAL`);
  }
}

const countParts = (server: BenchServer, database: string, table: string, count = 'count()') =>
  server.number(
    `SELECT ${count} FROM system.parts WHERE active AND database = {database:String} AND table = {table:String}`,
    { database, table },
  );
