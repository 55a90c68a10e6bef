import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordableHistogram } from 'node:perf_hooks';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Durability } from '@quantumtrade/dal';
import { fileWriterStorage } from '@quantumtrade/dal';
import type { Bench, Result } from '../bench.js';
import { spread } from '../bench.js';
import { memoryNow } from '../memory.js';
import type { BenchServer } from '../server.js';
import { settleServer } from '../settle.js';
import { startCallers } from './callers.js';
import { ours } from './ours.js';
import { sized } from '../sized.js';

const CALLERS = sized(200, 20);
const WINDOW_SECONDS = 10;
/** Windows in which the process compiles its code and collects all its garbage once. At least the last one counts. */
const WARM_UP_WINDOWS = 2;
const SAMPLE_EVERY_MS = 200;

/** Small inserts of many callers through one batch writer with its defaults, for a time; journaled for a third of it. */
export const sustained: Bench<BenchServer> = async function* (server, { seconds = sized(60, 1.5) }) {
  const directory = await mkdtemp(join(tmpdir(), 'qt-bench-'));
  try {
    yield* run(server, directory, 'acknowledged', seconds);
    yield* run(server, directory, 'journaled', seconds / 3);
  } finally {
    await rm(directory, { recursive: true });
  }
};

async function* run(
  server: BenchServer,
  directory: string,
  durability: Durability,
  seconds: number,
): AsyncGenerator<Result> {
  const mine = await ours(server, durability, fileWriterStorage(join(directory, durability)));
  const writer = await mine.open({ durability });
  await settleServer(server);
  const windows: Window[] = [];
  let current = newWindow(Math.min(seconds, WINDOW_SECONDS));
  const started = performance.now();
  const callers = startCallers(CALLERS, writer, (rows, latencyMs) => {
    current.rows += rows;
    current.latencies.record(Math.max(1, Math.round(latencyMs * 1_000)));
  });
  for (let left = seconds; left > 0; left -= WINDOW_SECONDS) {
    current = newWindow(Math.min(left, WINDOW_SECONDS));
    await sampled(current);
    windows.push(current);
  }
  const { rows, calls } = await callers.end();
  const ended = performance.now();
  await writer.close();
  const stored = performance.now();
  await requireStored(server, durability, rows);
  const perSecond = (end: number) => Math.round(rows / ((end - started) / 1_000)).toLocaleString('en-US');
  const note =
    `${rows.toLocaleString('en-US')} rows in ${calls.toLocaleString('en-US')} calls: ${perSecond(ended)} rows/s ` +
    `over all, ${perSecond(stored)} until the last was stored; each is there once`;
  yield* results(durability, windows.slice(Math.min(WARM_UP_WINDOWS, windows.length - 1)), note);
  await mine.close();
}

/** Figures of some seconds. */
interface Window {
  readonly seconds: number;
  rows: number;
  /** In microseconds. */
  readonly latencies: RecordableHistogram;
  readonly rss: number[];
}

const newWindow = (seconds: number): Window => ({
  seconds,
  rows: 0,
  latencies: createHistogram(),
  rss: [],
});

async function sampled({ seconds, rss }: Window): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  for (let left = end - performance.now(); left > 0; left = end - performance.now()) {
    await delay(Math.min(left, SAMPLE_EVERY_MS));
    rss.push(memoryNow().rss);
  }
}

async function requireStored(server: BenchServer, database: string, rows: number): Promise<void> {
  const keys = await server.number(
    `SELECT count() FROM (SELECT 1 FROM ${database}.market_data GROUP BY symbol, timestamp, source)`,
  );
  if (keys !== rows) throw new Error(`${keys} rows are stored, and ${rows} were sent`);
}

function* results(durability: Durability, windows: readonly Window[], note: string): Generator<Result> {
  const title = `1 to 50 rows of each of ${CALLERS} callers, ${durability}`;
  const each = (figure: (window: Window) => number) => spread(windows.map(figure));
  const rate = each(({ rows, seconds }) => Math.round(rows / seconds));
  yield { case: `${title}: windows of ${WINDOW_SECONDS} s`, unit: 'rows/s', ours: rate, peers: {}, note };
  for (const percent of [50, 95, 99]) {
    const ours = each(({ latencies }) => latencies.percentile(percent) / 1_000);
    yield { case: `${title}: p${percent} of a call`, unit: 'ms', ours, peers: {} };
  }
  const rss = windows.flatMap((window) => window.rss);
  const resident = spread(rss);
  const share = (difference: number) => `${((100 * difference) / resident.median).toFixed(1)} %`;
  yield {
    case: `${title}: resident memory after warming up`,
    unit: 'MiB',
    ours: resident,
    peers: {},
    note:
      `${Math.round(rss[0]!)} at first, ${Math.round(rss.at(-1)!)} at last; ` +
      `at most ${share(resident.max - resident.median)} above and ${share(resident.median - resident.min)} below the median`,
  };
}
