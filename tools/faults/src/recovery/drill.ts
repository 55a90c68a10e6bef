import { setTimeout as delay } from 'node:timers/promises';
import { undeliveredBlocks } from '@quantumtrade/dal';
import { archivedWriters, createBackup, restoreTo } from '@quantumtrade/dal-operations';
import { Random, until } from '@quantumtrade/dal-testing';
import { PLAN } from '../plan.js';
import { DisasterSite } from './disaster-site.js';
import type { LosableServers } from './losable-servers.js';
import { type RecoveryFindings, WriteLog } from './write-log.js';

/** Result of a loss and a restore. */
export interface DrillResult {
  readonly findings: RecoveryFindings;
  /** Versions of bars that a server has twice, and keys that several shards have. */
  readonly doubled: readonly unknown[];
  readonly restoredCount: number;
}

/** Writes under load while backups are made, loses the servers at a random moment, and restores to a random instant before it or the last one. */
export async function drill(
  start: (directory: string) => Promise<LosableServers>,
  seed: number,
): Promise<DrillResult> {
  const site = await DisasterSite.open(start);
  try {
    return await drillAt(site, seed);
  } finally {
    await site.close();
  }
}

async function drillAt(site: DisasterSite, seed: number): Promise<DrillResult> {
  const random = new Random(seed);
  const log = new WriteLog(random);
  const stopWriting = await startWriting(site, log, random);
  const first = await startBackups(site, random);
  await delay(1_000 + random.below(PLAN.disasterWithinMs));
  const disasterAt = Date.now();
  const unshippedMs = disasterAt - (site.archive.state().oldestUnshippedAt ?? disasterAt);
  await site.strike();
  await delay(random.below(300));
  await stopWriting();

  const to = random.chance(1 / 3) ? 'latest' : new Date(first + random.below(disasterAt - first));
  if (to !== 'latest') await until(async () => (await reached(site)) >= to.getTime());
  const backend = await site.rebuild(random);
  const undelivered = undeliveredBlocks(site.writerDirectory);
  const recovery = await restoreTo(backend.backups, site.store, { to, into: 'restored', undelivered });
  await backend.backups.promote('restored', 'replaced');
  await backend.probe.close();

  const instant = recovery.recoveryPoint.getTime();
  const bars = await site.query(
    'SELECT toUnixTimestamp64Milli(timestamp), toInt64(volume) FROM market_data FINAL',
  );
  const stored = new Map(bars.map(([key, n]) => [Number(key), Number(n)]));
  const { backup, blocks, rows, undeliveredBlocks: fromJournal, recoveryMs } = recovery;
  console.log(
    `${log.rows} rows written, ${stored.size} restored to ${to === 'latest' ? 'latest' : `${disasterAt - instant} ms before the disaster`}: ` +
      `backup ${backup}, ${blocks} blocks of ${rows} rows replayed (${fromJournal} of them from the journal); ` +
      `recovery point ${Math.max(0, disasterAt - instant)} ms (oldest block not shipped ${unshippedMs} ms), recovery time ${Math.round(recoveryMs)} ms`,
  );
  const doubled: unknown[] = await site.query(
    'SELECT symbol, timestamp, count() FROM market_data GROUP BY symbol, timestamp, source, written_at HAVING count() > 1',
  );
  if (stored.size < bars.length) doubled.push(`${bars.length} bars have ${stored.size} keys`);
  return { findings: log.compare(stored, instant), doubled, restoredCount: stored.size };
}

/** Writes through a journaled writer, by inserts and by transactions, until a function is called. */
async function startWriting({ database }: DisasterSite, log: WriteLog, random: Random) {
  const writer = await database.batchWriter({ maxRows: 200, maxAgeMs: 20 });
  let isOver = false;
  const loop = async (
    pauseMs: number,
    write: (batch: ReturnType<WriteLog['next']>['batch']) => Promise<unknown>,
  ) => {
    while (!isOver) {
      const { batch, acknowledge } = log.next();
      await write(batch).then(acknowledge, () => undefined);
      await delay(random.below(pauseMs));
    }
  };
  const loops = [
    loop(5, (batch) => writer.write('marketData', batch)),
    loop(10, (batch) => writer.write('marketData', batch)),
    loop(20, (batch) => database.insertMarketData(batch)),
    loop(20, (batch) => database.insertMarketData(batch)),
    loop(50, (batch) => database.transaction((tx) => tx.insertMarketData(batch))),
  ];
  return async () => {
    isOver = true;
    await writer.close({ deadline: Date.now() }).catch(() => undefined);
    await database.close().catch(() => undefined);
    await Promise.all(loops);
  };
}

/** Makes full and incremental backups until the servers are lost. Returns when the first one was complete. */
async function startBackups({ backend, store }: DisasterSite, random: Random): Promise<number> {
  await createBackup(backend.backups, store);
  const first = Date.now();
  void (async () => {
    for (;;) {
      await delay(random.below(1_000));
      await createBackup(backend.backups, store, { full: random.chance(0.3) });
    }
  })().catch(() => undefined);
  return first;
}

/** Returns the instant that the archives of all writers reach. */
async function reached({ store }: DisasterSite): Promise<number> {
  const writers = await archivedWriters(store);
  return Math.min(...writers.map(({ completeTo, isClosed }) => (isClosed ? Infinity : completeTo.getTime())));
}
