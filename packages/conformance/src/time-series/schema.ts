import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { batchOfRows, caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, uniqueDay, uniqueName } from './subject.js';

const marketDataCase = caseOf('marketData');
const predictionCase = caseOf('predictions');
const strategyPerformanceCase = caseOf('strategyPerformance');

/** Tests `SchemaController`. */
export function schemaSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'schema', (backend) => {
    const { it, expect } = runner;
    const write = (symbol: string) =>
      marketDataCase.insert(
        backend(),
        batchOfRows(marketDataCase, [marketDataCase.row(symbol, uniqueDay())]),
      );
    /** Writes values that the column types of older schema versions cannot hold. */
    const writeValuesOfNewerTypes = async (scope: string) => {
      const newer = [
        { tested: marketDataCase, fields: { volume: '0.5' } },
        { tested: strategyPerformanceCase, fields: { sharpeRatio: null, profitLoss: 15_000_000_000 } },
        { tested: predictionCase, fields: { modelLatencyMs: 12.7 } },
      ];
      for (const { tested, fields } of newer) {
        const rows = [{ ...tested.row(scope, uniqueDay()), ...fields }];
        expect(await tested.insert(backend(), batchOfRows(tested, rows))).toMatchObject({ insertedCount: 1 });
      }
    };
    const count = async (symbol: string) => (await backend().marketData.find({ symbol })).totalCount;

    it('initialize brings the schema to its newest valid version', async () => {
      const { schema } = backend();
      await schema.initialize();
      const version = await schema.version();
      expect(version).toBeGreaterThan(0);
      expect(await schema.validate()).toEqual({ valid: true, version, drift: [] });
    });

    it('initialize keeps the data when repeated concurrently', async () => {
      const symbol = uniqueName();
      await write(symbol);
      const version = await backend().schema.version();
      await Promise.all([1, 2, 3].map(() => backend().schema.initialize()));
      expect(await backend().schema.version()).toBe(version);
      await backend().schema.migrate(version);
      expect(await count(symbol)).toBe(1);
    });

    it('migrate refuses an unknown version and keeps the current one', async () => {
      const { schema } = backend();
      const version = await schema.version();
      for (const unknown of [version + 1, -1, 0.5, NaN]) {
        expect(await summaryOfRejection(() => schema.migrate(unknown))).toEqual({ code: 'MIGRATION' });
      }
      expect(await schema.version()).toBe(version);
    });

    it('preview lists the losses of a down migration without migrating', async () => {
      const { schema } = backend();
      const version = await schema.version();
      const symbol = uniqueName();
      await write(symbol);
      const { from, to, isNew, losses } = await schema.preview(0);
      expect({ from, to, isNew }).toEqual({ from: version, to: 0, isNew: false });
      const bars = losses.find(({ object }) => object === 'table market_data');
      expect(bars?.change).toBe('is dropped');
      expect(bars?.rows).toBeGreaterThan(0);
      expect(losses.length).toBeGreaterThanOrEqual(7);
      expect(await schema.version()).toBe(version);
      expect(await count(symbol)).toBe(1);
    });

    it('preview lists no losses when the schema is newest', async () => {
      const { schema } = backend();
      const version = await schema.version();
      expect(await schema.preview()).toEqual({ from: version, to: version, isNew: false, losses: [] });
      expect(await summaryOfRejection(() => schema.preview(version + 1))).toEqual({ code: 'MIGRATION' });
    });

    it('status lists all migrations of a newest schema as applied', async () => {
      const { schema } = backend();
      const version = await schema.version();
      const { applied, servers = [], ...status } = await schema.status();
      expect(servers.filter((server) => server.version !== version)).toEqual([]);
      expect(status).toEqual({ version, newest: version, unfinished: [], pending: [] });
      expect(applied.map((each) => each.version)).toEqual(Array.from({ length: version }, (_, i) => i + 1));
      expect(await schema.plan()).toEqual({ from: version, to: version, steps: [] });
      expect(await summaryOfRejection(() => schema.plan(version + 1))).toEqual({ code: 'MIGRATION' });
    });

    it('baseline refuses a schema that has a history', async () => {
      const { schema } = backend();
      const version = await schema.version();
      for (const given of [version, version + 1, 0])
        expect(await summaryOfRejection(() => schema.baseline(given))).toEqual({ code: 'MIGRATION' });
      expect(await schema.version()).toBe(version);
    });

    it('migrate to 0 drops all data; migrating back starts empty', async () => {
      const { schema, checkpoints } = backend();
      const version = await schema.version();
      const symbol = uniqueName();
      await write(symbol);
      await checkpoints.save(symbol, 5);
      await writeValuesOfNewerTypes(uniqueName());
      await schema.migrate(0);
      expect(await schema.version()).toBe(0);
      expect(await schema.validate()).toMatchObject({ valid: false, version: 0 });
      expect(await summaryOfRejection(() => count(symbol))).toEqual({ code: 'QUERY' });
      expect(await summaryOfRejection(() => write(symbol))).toEqual({ code: 'QUERY' });
      await schema.migrate(version);
      expect(await schema.validate()).toEqual({ valid: true, version, drift: [] });
      expect(await count(symbol)).toBe(0);
      expect(await checkpoints.load(symbol)).toBe(0);
      await write(symbol);
      expect(await count(symbol)).toBe(1);
    });
  });
}
