import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { isDatabaseError, marketData } from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import { TcpFaultProxy, type Cut } from '@quantumtrade/dal-testing/proxies';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../backend.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

const ROUNDS = Number(process.env['QT_RUNS'] ?? 30);
/** Most cuts in one round. */
const MAX_CUTS = 4;
const SEED = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROWS = 300;
/** More bytes than a round's requests have, and than its answers have. */
const REQUEST_BYTES = 30_000;
const ANSWER_BYTES = 1_200;

let own: OwnBackend;
let proxy: TcpFaultProxy;
let backend: TimeSeriesBackend;

beforeAll(async () => {
  own = await openOwnBackend();
  proxy = await TcpFaultProxy.start(Number(new URL(own.settings.url).port));
  const retry = { maxAttempts: 20, initialDelayMs: 1, maxDelayMs: 50 };
  // The reserve of retries is as large as the number of connections, and every cut needs a retry.
  const maxConnections = ROUNDS * MAX_CUTS;
  backend = connectClickHouse({ ...own.settings, url: `http://${proxy.address}`, maxConnections, retry });
  // The tables are counted as they are, without what merges would remove.
  await own.sql.command('test', `SYSTEM STOP MERGES ${marketData.table}`);
});

afterAll(async () => {
  await backend.probe.close();
  await proxy.enter('closed');
  await own.close();
});

const batch = (round: number) => ({
  source: 'vendor',
  records: Array.from({ length: ROWS }, (_, i) =>
    buildRow('marketData', {
      symbol: `S${i % 7}`,
      timestamp: Date.UTC(2024, 0, 31, 20) + (round * ROWS + i) * 1_000,
      close: round,
      volume: i,
    }),
  ),
});

async function insert(round: number): Promise<void> {
  expect(await backend.marketData.insert(batch(round))).toMatchObject({
    insertedCount: ROWS,
    updatedCount: 0,
    errors: [],
  });
}

/** As whoever keeps blocks does it: the same block again, as long as its error does not say that it never will be stored. */
async function writeBlocks(round: number): Promise<void> {
  const collector = backend.blocks.collect('marketData');
  collector.append(batch(round));
  for (const block of collector.finish()) {
    for (let stored = false; !stored;) {
      stored = await backend.blocks.write(block).then(
        () => true,
        (error: unknown) => {
          if (isDatabaseError(error) && error.retryable) return false;
          throw error;
        },
      );
    }
  }
}

async function counted(): Promise<{ rows: number; keys: number; newest: number }> {
  const [found] = await own.sql.rows<Record<string, string>>(
    'test',
    `SELECT count() AS rows, uniqExact(symbol, timestamp, source) AS keys, toString(max(close)) AS newest FROM ${marketData.table}`,
  );
  return { rows: Number(found!['rows']), keys: Number(found!['keys']), newest: Number(found!['newest']) };
}

it(`stores acknowledged rows exactly once when connections are cut (${ROUNDS} rounds, QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const cut = (): Cut => {
    const direction = random.chance(0.5) ? 'request' : 'answer';
    return {
      direction,
      afterBytes: random.below(direction === 'request' ? REQUEST_BYTES : ANSWER_BYTES),
      how: random.chance(0.5) ? 'reset' : 'end',
    };
  };
  let made = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const cuts = Array.from({ length: 1 + random.below(MAX_CUTS) }, cut);
    proxy.planCuts(cuts);
    await (random.chance(0.5) ? insert : writeBlocks)(round);
    made += cuts.length - proxy.plannedCuts;
    const expected = (round + 1) * ROWS;
    expect({ round, ...(await counted()) }).toEqual({ round, rows: expected, keys: expected, newest: round });
  }
  expect(made).toBeGreaterThanOrEqual(ROUNDS / 2);
}, 120_000);

it('stores a block exactly once when its answer is lost', async () => {
  const before = await counted();
  for (let n = 0; n < 5; n++) {
    const collector = backend.blocks.collect('marketData');
    collector.append(batch(ROUNDS + n));
    const blocks = collector.finish();
    for (const block of blocks) {
      proxy.planCuts([{ direction: 'answer', afterBytes: 0, how: 'reset' }]);
      await expect(backend.blocks.write(block)).rejects.toMatchObject({ retryable: true });
      expect(proxy.plannedCuts).toBe(0);
      await backend.blocks.write(block);
    }
    expect((await counted()).rows).toBe(before.rows + (n + 1) * ROWS);
  }
});
