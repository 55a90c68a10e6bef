import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { DatabaseError, RateLimitDecision, RateLimitFallback } from '@quantumtrade/dal-domain';
import type { Outcome } from '@quantumtrade/dal-fault-lab';
import { EngineHost, parseScenario, REDIS_FAULTS, RedisHost, runScenario } from '@quantumtrade/dal-fault-lab';
import { connectRedis } from '@quantumtrade/dal-redis';
import { Random, until } from '@quantumtrade/dal-testing';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { PLAN, SEED } from './plan.js';
import { awaitByDeadline } from './writing/await-by-deadline.js';

const PASSWORD = 'shared';
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `S${i}`);
const PATIENCE_MS = 8_000;
const BUDGET_MS = 250;
const DAY = Date.UTC(2024, 0, 2);
/** Requests that a limiter allows, within a window that is longer than a scenario. */
const LIMIT = 10;

/** Writes that make up for removals, and the time between them, in which invalidations arrive. */
const MAX_LATER_WRITES = 20;
const INVALIDATION_MS = 50;

let hosts: { a: EngineHost; r: RedisHost };
/** Data layers of two processes. The first one writes. */
let writer: DatabaseAbstraction;
let reader: DatabaseAbstraction;
/** Latest acknowledged version of each symbol, and the one that is being written. */
const acknowledged = new Map<string, number>();
let versions = 0;

beforeAll(async () => {
  const [a, r] = await Promise.all([EngineHost.start(PASSWORD), RedisHost.start()]);
  hosts = { a, r };
  writer = open();
  reader = open();
  await writer.initializeSchema();
  for (const symbol of SYMBOLS) await write(symbol);
});
afterAll(async () => {
  await Promise.all([writer.close(), reader.close()]);
  await Promise.all([hosts.a.stop(), hosts.r.stop()]);
});

function open(): DatabaseAbstraction {
  const { url, username } = hosts.a;
  return new DatabaseAbstraction({
    timeSeries: connectClickHouse({ url, username, password: PASSWORD, database: 'failing_redis' }),
    cache: connectRedis({ url: hosts.r.url, budgetMs: BUDGET_MS }),
  });
}

/** Writes the next version of a symbol: a bar of a later instant. */
async function write(symbol: string): Promise<void> {
  const version = ++versions;
  const records = [buildRow('marketData', { symbol, timestamp: DAY + version })];
  await writer.insertMarketData({ source: 's', records }, { deadline: Date.now() + PATIENCE_MS });
  acknowledged.set(symbol, Math.max(version, acknowledged.get(symbol) ?? 0));
}

async function read(database: DatabaseAbstraction, symbol: string): Promise<number> {
  const { data } = await database.getLatestMarketData(symbol, 1, { deadline: Date.now() + PATIENCE_MS });
  return Number(data[0]!.timestamp) - DAY;
}

/** Reads through the process that writes, which must see what it has written, and through the other one. */
async function readBoth(n: number): Promise<void> {
  const symbol = SYMBOLS[n % SYMBOLS.length]!;
  const atLeast = acknowledged.get(symbol)!;
  const [own, other] = await Promise.all([read(writer, symbol), read(reader, symbol)]);
  if (own < atLeast) throw new Error(`read version ${own} of ${symbol} after ${atLeast} was written`);
  if (other > versions) throw new Error(`read version ${other} of ${symbol}, which was never written`);
}

/** Resolves when both processes use both levels of the cache. */
async function untilRecovered(): Promise<void> {
  const isWhole = async (database: DatabaseAbstraction) => {
    // What has no value is not cached, so that each lookup calls Redis.
    await database.getLatestMarketData('NONE', 1);
    const { cache } = await database.health();
    return cache.invalidationsConnected && cache.reads === 'made' && cache.writes === 'made';
  };
  await until(async () => (await isWhole(writer)) && (await isWhole(reader)));
}

/**
 * Expects that both processes read the last version of each symbol after a few more writes, which make up for removals that Redis did
 * not accept.
 */
async function expectLatest(): Promise<void> {
  const versionsBy = (database: DatabaseAbstraction) =>
    Promise.all(SYMBOLS.map((symbol) => read(database, symbol)));
  for (let writes = 1; ; writes++) {
    await write(SYMBOLS[0]!);
    await delay(INVALIDATION_MS);
    const written = SYMBOLS.map((symbol) => acknowledged.get(symbol));
    expect(await versionsBy(writer)).toEqual(written);
    const seen = await versionsBy(reader);
    if (writes < MAX_LATER_WRITES && !isDeepStrictEqual(seen, written)) continue;
    console.log(`${writes} writes after recovery until no process read anything older`);
    expect(seen).toEqual(written);
    return;
  }
}

const failures = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ error }) => (error === undefined ? [] : String(error)));

/** Returns when a fault begins and ends, at random. */
function faultAt(random: Random): [fromMs: number, toMs: number] {
  const fromMs = 300 + random.below(200);
  return [fromMs, fromMs + PLAN.redisFaultMs + random.below(500)];
}

const FALLBACKS = ['reject', 'allow', 'deny'] as const;

/** Makes requests to three limiters, one with each fallback, and counts what their Redis allowed. */
class Limiters {
  readonly allowed: Record<RateLimitFallback, number> = { reject: 0, allow: 0, deny: 0 };
  readonly #userId: string;

  constructor(userId: string) {
    this.#userId = userId;
  }

  async consume(n: number): Promise<RateLimitDecision> {
    const onUnavailable = FALLBACKS[n % FALLBACKS.length]!;
    const request = { userId: this.#userId, endpoint: onUnavailable, limit: LIMIT, onUnavailable };
    const decision = await awaitByDeadline(writer.rateLimiter.consume(request), Date.now() + BUDGET_MS);
    if (decision.isUnavailable) expect(decision.allowed).toBe(onUnavailable === 'allow');
    else if (decision.allowed) this.allowed[onUnavailable]++;
    return decision;
  }
}

it.each(REDIS_FAULTS)(
  `%s of the Redis fails no call and loses no budget (QT_SEED=${SEED})`,
  async (fault) => {
    const random = new Random(SEED);
    for (let round = 0; round < PLAN.redisFaults; round++) {
      await untilRecovered();
      const [fromMs, toMs] = faultAt(random);
      const limiters = new Limiters(`${fault} ${round}`);
      const { reads, writes, requests } = await runScenario(
        parseScenario(`
        hosts a
        redis r
        read ${PLAN.readsPerSecond} times a second
        write ${PLAN.writesPerSecond} times a second
        consume ${PLAN.readsPerSecond} times a second
        at ${fromMs / 1_000} s ${fault} r
        at ${toMs / 1_000} s heal r
        end at ${toMs / 1_000 + 0.5} s
      `),
        hosts,
        {
          reads: { call: readBoth },
          writes: { kind: 'write', call: () => write(random.pick(SYMBOLS)) },
          requests: { kind: 'consume', call: (n) => limiters.consume(n) },
        },
      );
      expect([failures(reads), failures(writes)]).toEqual([[], []]);
      const answeredMeanwhile = reads.filter(
        ({ atMs, durationMs }) => atMs >= fromMs && atMs + durationMs < toMs,
      );
      expect(answeredMeanwhile.length).toBeGreaterThan(0);
      for (const [n, { error }] of requests.entries()) {
        if (error === undefined) continue;
        expect(FALLBACKS[n % FALLBACKS.length]).toBe('reject');
        expect(['CONNECTION', 'TIMEOUT', 'CACHE']).toContain((error as DatabaseError).code);
      }

      await untilRecovered();
      await expectLatest();
      for (const [n, fallback] of FALLBACKS.entries()) {
        expect(await limiters.consume(n)).not.toHaveProperty('isUnavailable');
        // A killed Redis has forgotten what it counted.
        expect(limiters.allowed[fallback]).toBeLessThanOrEqual(fault === 'kill' ? 2 * LIMIT : LIMIT);
        expect(limiters.allowed[fallback]).toBeGreaterThan(0);
      }
    }
  },
);

it(`no call fails when both backends do (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  await untilRecovered();
  const [fromMs, toMs] = faultAt(random);
  const { reads, writes } = await runScenario(
    parseScenario(`
      hosts a
      redis r
      read ${PLAN.readsPerSecond} times a second
      write ${PLAN.writesPerSecond} times a second
      at ${fromMs / 1_000} s silence r
      at ${fromMs / 1_000 + 0.2} s pause a
      at ${toMs / 1_000} s heal a   # The Redis is still silent.
      at ${toMs / 1_000 + 0.5} s kill r
      at ${toMs / 1_000 + 1} s heal r
      end at ${toMs / 1_000 + 1.5} s
    `),
    hosts,
    { reads: { call: readBoth }, writes: { kind: 'write', call: () => write(random.pick(SYMBOLS)) } },
  );
  expect([failures(reads), failures(writes)]).toEqual([[], []]);
  await untilRecovered();
  await expectLatest();
});
