import type { Bench } from '../bench.js';
import type { BenchServer } from '../server.js';
import { columns, columnsOfUnits, rowObjects } from './forms.js';
import { latency } from './latency.js';
import { ours } from './ours.js';
import { jsonEachRow, OUR_INSERT_SETTINGS, preEncoded } from './peers.js';
import { smallInserts } from './small-inserts.js';
import { throughput } from './throughput.js';
import { sized } from '../sized.js';

/** Rows of a batch, batches of a measurement, and how many of them are under way at once. */
const THOUSAND = { size: sized(1_000, 100), count: sized(60, 2), width: 2 };
const TEN_THOUSAND = { size: sized(10_000, 200), count: sized(20, 2), width: 2 };
const HUNDRED_THOUSAND = { size: sized(100_000, 1_000), count: sized(16, 4), width: 2 };
const WIDE = { ...HUNDRED_THOUSAND, width: 4 };

/** Whole batches wait for no others. */
const WHOLE_BATCHES = { maxAgeMs: 0 };

/**
 * Market data into tables of ours, each side in a database of its own on one server. On every side as many inserts are under
 * way at once. Before each measurement, the rows are ready in the form in which their caller has them, merges have ended and
 * garbage is collected; after it, the side's table is emptied.
 */
export const write: Bench<BenchServer> = async function* (server) {
  const databases = await Promise.all(
    ['ours', 'json', 'native', 'native_defaults'].map((name) => ours(server, name)),
  );
  const mine = databases[0]!;
  const { client } = server;
  const json = { '@clickhouse/client JSONEachRow': jsonEachRow(client, 'json') };
  const ceiling = { 'pre-encoded Native': preEncoded(client, 'native', mine.encode, OUR_INSERT_SETTINGS) };
  const defaults = {
    'pre-encoded Native, default settings': preEncoded(client, 'native_defaults', mine.encode),
  };
  const writer = await mine.open(WHOLE_BATCHES);
  const wide = await mine.open({ ...WHOLE_BATCHES, maxInFlight: 4 });
  const rows = mine.through(writer, rowObjects);

  for (const load of [THOUSAND, TEN_THOUSAND, HUNDRED_THOUSAND, WIDE]) {
    const ours = mine.through(load === WIDE ? wide : writer, rowObjects);
    yield* throughput(server, 'row objects', load, { ours, ...json, ...ceiling, ...defaults });
  }
  for (const load of [THOUSAND, TEN_THOUSAND, HUNDRED_THOUSAND]) {
    yield* throughput(server, 'rows in columns', load, {
      ours: mine.through(writer, columns),
      'ours, prices in units of 10^-8': mine.through(writer, columnsOfUnits),
      ...ceiling,
    });
  }
  yield* latency(server, { ours: rows, 'ours, repository.insert': mine.repository, ...json, ...ceiling });
  yield* smallInserts(server, mine, 'json');
  await Promise.all(databases.map((each) => each.close()));
};
