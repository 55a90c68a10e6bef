import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { PLAN } from './plan.js';
import { DATABASE, KillableServer } from './writing/killable-server.js';

const ROWS = 1_000_000;

let server: KillableServer;
let backend: TimeSeriesBackend;
beforeAll(async () => {
  server = await KillableServer.start();
  await server.renew();
  await server.query(
    `INSERT INTO market_data SELECT 'S', fromUnixTimestamp64Milli(toInt64(number) * 1000, 'UTC'), 1, 2, 0.5, 1, 10, 1, 'a', 100, now64(8)
     FROM numbers(${ROWS})`,
  );
  // Reading all rows takes half a minute. After each block the engine sleeps, for a second at most, before it looks whether the query was killed.
  server.proxy.profile =
    'max_execution_speed=33000&timeout_before_checking_execution_speed=0&max_block_size=1000';
  backend = connectClickHouse({ url: server.proxy.url, database: DATABASE, retry: { maxAttempts: 1 } });
});
afterAll(async () => {
  await backend.probe.close();
  await server.stop();
});

/** Number of reads of the table that the server runs. */
const running = async () =>
  Number(
    await server.query(
      `SELECT count() FROM system.processes WHERE query LIKE '%FROM market_data%' AND query NOT LIKE '%system.processes%'`,
    ),
  );

it(`queries of ${PLAN.killedQueries} calls that end early are killed on the server`, async () => {
  const durations: number[] = [];
  for (let n = 0; n < PLAN.killedQueries; n++) {
    const controller = new AbortController();
    const isAborted = n % 2 === 0;
    const limits = isAborted ? { signal: controller.signal } : { deadline: Date.now() + 1_000 };
    const reason = new Error('no longer wanted');
    const failed = backend.marketData.columns({}, limits).then(
      () => 'answered',
      (error: unknown) => error,
    );
    if (isAborted) {
      await until(async () => (await running()) > 0);
      controller.abort(reason);
      expect(await failed).toBe(reason);
    } else {
      expect(await failed).toMatchObject({ name: 'TimeoutError' });
    }
    const left = performance.now();
    await until(async () => (await running()) === 0);
    durations.push(performance.now() - left);
  }
  durations.sort((a, b) => a - b);
  const [median, slowest] = [durations[durations.length >> 1]!, durations.at(-1)!];
  console.log(
    `${durations.length} queries killed ${median.toFixed(0)} ms after their calls ended (median), the slowest ${slowest.toFixed(0)} ms`,
  );
  expect(slowest).toBeLessThan(PLAN.killedWithinMs);
  await until(() => backend.probe.endpoints!().every(({ orphanedQueries }) => orphanedQueries === 0));
});
