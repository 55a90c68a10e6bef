import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Result } from '../bench.js';
import { eachSide, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { settleServer } from '../settle.js';
import { benchBars } from './bars.js';
import { rowObjects } from './forms.js';
import type { Ours } from './ours.js';
import { jsonEachRow } from './peers.js';
import type { WriteSide } from './side.js';
import { empty, inFlight } from './side.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const CALLERS = 100;
const ROWS = sized(1_000, 100);

/** Single rows of many callers, each of whom waits until its row is stored. */
export async function* smallInserts(
  server: BenchServer,
  mine: Ours,
  database: string,
): AsyncGenerator<Result> {
  const client = createClient({
    ...server.settings,
    max_open_connections: CALLERS,
    log: { level: ClickHouseLogLevel.OFF },
  });
  const measure = (side: WriteSide) => async () => {
    const source = benchBars(1);
    const sends = Array.from({ length: ROWS }, () => side.prepare(source.next().value));
    await settleServer(server);
    const started = performance.now();
    await inFlight(sends, CALLERS);
    const seconds = (performance.now() - started) / 1_000;
    await empty(server, side);
    return Math.round(ROWS / seconds);
  };
  const sides = {
    ours: mine.through(await mine.open({}), rowObjects),
    'async_insert=1': jsonEachRow(client, database, { async_insert: 1, wait_for_async_insert: 1 }),
  };
  const note =
    'async_insert: an installed server would collect these rows; the embedded one writes each of them at once';
  yield await pairedRounds(
    { case: `single rows, ${CALLERS} callers`, unit: 'rows/s', note },
    ROUNDS,
    eachSide(sides, measure),
  );
  await client.close();
}
