import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@quantumtrade/dal-config';
import type { ComposedDatabase } from '@quantumtrade/dal-container';
import { composeDatabase } from '@quantumtrade/dal-container';
import { sleep } from '@quantumtrade/dal-runtime';
import { Random, until } from '@quantumtrade/dal-testing';
import type { LoadOutcome, LoadRequest } from './testing/request-load.js';
import { RequestLoad } from './testing/request-load.js';
import { ServiceProcess } from './testing/service-process.js';

/** Rounds, each with a SIGTERM: one, or 20 with `QT_FAULTS=long`. */
const ROUNDS = process.env['QT_FAULTS'] === 'long' ? 20 : 1;
const SEED = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PER_SECOND = 200;
/** Share of the writes that are buffered; each of the others is a block of its own. */
const BUFFERED = 0.9;
const TOKEN = 'load-token-0123456789';
const MARKET_DATA = '/v1/records/marketData';
const START = Date.UTC(2024, 0, 2);

const directory = mkdtempSync(join(tmpdir(), 'sigterm-'));
const file = join(directory, 'qtdal.toml');
let composed: ComposedDatabase;

beforeAll(async () => {
  const name = `sigterm_${process.pid}`;
  writeFileSync(
    file,
    `[clickhouse]
    url = "${new URL(name, process.env['CLICKHOUSE_URL']).href}"
    [redis]
    url = "${process.env['REDIS_URL']}"
    key_prefix = "${name}:"
    [writer]
    directory = "${join(directory, 'writer')}"
    [http]
    port = 0
    tokens = [{ user = "load", roles = ["read", "write"], token = "${TOKEN}" }]
    rate_limit = { reads = 0, writes = 0 }
    max_concurrent_requests = 2000
    stop = { drain_delay = 0.3, grace = 20 }`,
  );
  composed = await composeDatabase(await loadConfig({ file }));
  await composed.database.initializeSchema();
});
afterAll(async () => {
  await composed.close();
  rmSync(directory, { recursive: true });
});

/** Results of one round. */
class Round {
  readonly acknowledged = new Set<number>();
  /** Outcomes that no client may see. */
  readonly wrong: string[] = [];
  /** Reads that succeeded. */
  reads = 0;
  /** Requests that were answered with 503. */
  unavailable = 0;
  /** Requests whose connection was refused. */
  refused = 0;
  isStopping = false;
  #written = 0;
  readonly #symbol: string;
  readonly #random: Random;

  constructor(symbol: string, random: Random) {
    this.#symbol = symbol;
    this.#random = random;
  }

  readonly nextWrite = (): LoadRequest => {
    const row = {
      symbol: this.#symbol,
      timestamp: START + this.#written++ * 1_000,
      ...{ open: '1', high: '1', low: '1', close: '1.5', adjustedClose: '1', volume: 1, qualityScore: 1 },
    };
    const path = `${MARKET_DATA}?buffered=${this.#random.chance(BUFFERED)}`;
    return { method: 'POST', path, body: JSON.stringify({ source: 'load', records: [row] }) };
  };

  readonly nextRead = (): LoadRequest => {
    const path = this.#random.pick([
      `${MARKET_DATA}/latest?symbol=${this.#symbol}`,
      `${MARKET_DATA}?symbol=${this.#symbol}&limit=10`,
      `${MARKET_DATA}/stream?symbol=${this.#symbol}&limit=50`,
      `${MARKET_DATA}/aggregates?symbol=${this.#symbol}&interval=1h`,
    ]);
    return { method: 'GET', path };
  };

  readonly onWrite = ({ body }: LoadRequest, outcome: LoadOutcome): void => {
    if (!this.#isAnswered(outcome)) return;
    const { acceptedCount, insertedCount, updatedCount } = JSON.parse(outcome.body) as Record<string, number>;
    const stored = acceptedCount ?? insertedCount! + updatedCount!;
    if (stored !== 1) this.wrong.push(`write: ${outcome.body}`);
    const { records } = JSON.parse(body!) as { records: [{ timestamp: number }] };
    this.acknowledged.add(records[0].timestamp);
  };

  readonly onRead = (_: LoadRequest, outcome: LoadOutcome): void => {
    if (this.#isAnswered(outcome)) this.reads++;
  };

  /** Returns whether a request succeeded. Notes one that failed with anything but 503 or a refused connection. */
  #isAnswered(outcome: LoadOutcome): outcome is Extract<LoadOutcome, { status: number }> {
    if ('status' in outcome) {
      if (outcome.status === 503) this.unavailable++;
      else if (outcome.status !== 200) this.wrong.push(`${outcome.status} ${outcome.body}`);
      return outcome.status === 200;
    }
    // The kernel resets connections that wait for the listener when it closes.
    const isRefused = outcome.error === 'ECONNREFUSED' || (outcome.error === 'ECONNRESET' && outcome.isNew);
    if (isRefused && this.isStopping) this.refused++;
    else this.wrong.push(`${outcome.error} on a new connection: ${outcome.isNew}`);
    return false;
  }
}

it(
  `SIGTERM under load loses nothing that was acknowledged (QT_SEED=${SEED})`,
  async () => {
    const random = new Random(SEED);
    for (let n = 0; n < ROUNDS; n++) {
      const round = new Round(`ROUND${n}`, random);
      const service = await ServiceProcess.start(file);
      const load = new RequestLoad(await service.listening(), TOKEN);
      const writing = load.run(PER_SECOND, round.nextWrite, round.onWrite);
      const reading = load.run(PER_SECOND, round.nextRead, round.onRead);
      await until(() => round.acknowledged.size >= PER_SECOND && round.reads >= PER_SECOND);
      await sleep(random.below(1_000));
      round.isStopping = true;
      service.kill('SIGTERM');
      // The process itself ends with 1 where it is not stopped within the grace time.
      expect(await service.ended).toBe(0);
      await load.end();
      await Promise.all([writing, reading]);
      expect(round.wrong).toEqual([]);

      const stored = new Set<number>();
      const params = { symbol: `ROUND${n}`, select: ['timestamp'] } as const;
      for await (const rows of composed.database.marketData.stream(params))
        for (const { timestamp } of rows) stored.add(timestamp.getTime());
      const { acknowledged, reads, unavailable, refused } = round;
      process.stdout.write(
        `round ${n}: ${acknowledged.size} writes acknowledged, ${stored.size} stored; ${reads} reads; ${unavailable} requests answered with 503, ${refused} connections refused\n`,
      );
      expect([...acknowledged].filter((timestamp) => !stored.has(timestamp))).toEqual([]);
    }
  },
  60_000 * ROUNDS,
);
