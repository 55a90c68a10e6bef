import { records, type TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, untyped } from './subject.js';

const TABLE = records.marketData.table;

/** Tests `StorageController` on tables without retention. */
export function storageSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'storage', (backend) => {
    const { it, expect } = runner;

    const insert = (...timestamps: number[]) =>
      backend().marketData.insert({
        source: 'storage',
        records: timestamps.map((timestamp) => ({
          ...{ symbol: 'STORAGE', timestamp, open: 1, high: 1, low: 1, close: 1 },
          ...{ volume: 1, adjustedClose: 1, qualityScore: 100 },
        })),
      });

    it('usage counts no rows of empty tables', async () => {
      const [server] = await backend().storage.usage();
      expect(server!.error).toBe(undefined);
      expect(await partitionsOf(backend(), TABLE)).toEqual([]);
      expect([server!.unfinishedMutations, server!.failedMutations]).toEqual([0, 0]);
    });

    it('usage counts rows by month with the oldest and newest', async () => {
      const months = [Date.UTC(1931, 1, 3), Date.UTC(2024, 0, 1), Date.UTC(2150, 11, 31)];
      await insert(...months.flatMap((start) => [start + 1_999, start + DAY / 2]));
      const copies = (await partitionsByServer(backend(), TABLE)).filter(({ length }) => length > 0);
      expect(copies.length).toBeGreaterThan(0);
      for (const partitions of copies) {
        expect(partitions.map(({ partition, rows }) => [partition, rows])).toEqual([
          ['193102', 2],
          ['202401', 2],
          ['215012', 2],
        ]);
        expect(partitions.map(({ oldest, newest }) => [oldest, newest])).toEqual(
          months.map((start) => [1_000 * Math.trunc((start + 1_999) / 1_000), start + DAY / 2]),
        );
        for (const { parts, partsOfFullest } of partitions) expect([parts, partsOfFullest]).toEqual([1, 1]);
      }
    });

    it('plan and apply change nothing without retention', async () => {
      const rows = async () =>
        (await partitionsOf(backend(), TABLE)).reduce((sum, partition) => sum + partition.rows, 0);
      const before = await rows();
      const plan = await backend().storage.plan();
      expect(plan.flatMap(({ statement, expired }) => [statement, ...expired]).filter(Boolean)).toEqual([]);
      expect(await backend().storage.apply({ deleteRows: true })).toEqual(plan);
      expect(await rows()).toBe(before);
    });

    it('apply refuses options of the wrong type by name', async () => {
      const apply = () => backend().storage.apply({ deleteRows: untyped('yes') });
      expect(await summaryOfRejection(apply)).toEqual({ code: 'VALIDATION', field: 'deleteRows' });
    });
  });
}

async function partitionsByServer(backend: TimeSeriesBackend, table: string) {
  const servers = await backend.storage.usage();
  return servers.map(({ partitions }) => partitions.filter((each) => each.table === table));
}

const partitionsOf = async (backend: TimeSeriesBackend, table: string) =>
  (await partitionsByServer(backend, table)).flat();
