import type { FeatureBatch } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { featureMetadataTests } from './feature-metadata.js';
import type { OpenTimeSeries } from './subject.js';
import {
  answer,
  byUtf8,
  DAY,
  describeSubject,
  TRICKY_NAMES,
  uniqueDay,
  uniqueName,
  untyped,
} from './subject.js';
import { spoil } from './writing.js';

/** What `FeatureRepository` promises. */
export function featureSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'features', (backend) => {
    const { it, expect } = runner;
    const day = uniqueDay();
    const batch = (symbol: string, more: Partial<FeatureBatch> = {}): FeatureBatch => ({
      symbol,
      timestamp: day,
      features: { rsi_14: 55.5 },
      version: 1,
      ...more,
    });
    const write = (...batches: FeatureBatch[]) => backend().features.insert(batches);
    const read = async (symbol: string) => (await backend().features.find({ symbol })).data;

    featureMetadataTests(runner, backend);

    it('reads the features of one symbol, instant and version as one set', async () => {
      const symbol = uniqueName();
      const result = await write(
        batch(symbol, { features: { rsi_14: 55.5, sma_20: -101.25 }, calculationTimeMs: 7 }),
      );
      expect(result).toMatchObject({ insertedCount: 2, updatedCount: 0, failedCount: 0, errors: [] });
      expect(answer(await backend().features.find({ symbol }))).toEqual({
        data: [
          {
            symbol,
            timestamp: new Date(day),
            version: 1,
            features: { rsi_14: 55.5, sma_20: -101.25 },
            metadata: {},
            featureMetadata: {},
            calculationTimeMs: 7,
          },
        ],
        totalCount: 1,
        cacheHit: false,
      });
    });

    it('adds batches of one symbol, instant and version up to one set', async () => {
      const symbol = uniqueName();
      await write(
        batch(symbol, { features: { b: 2 }, metadata: { of: 'b', b: '1' }, calculationTimeMs: 5 }),
        batch(symbol, { features: { d: 4 }, calculationTimeMs: 9 }),
      );
      await write(
        batch(symbol, { features: { a: 1 }, metadata: { of: 'a', a: '1' } }),
        batch(symbol, { features: { c: 3 }, metadata: { of: 'c', c: '1' }, calculationTimeMs: 2 }),
      );
      expect(await read(symbol)).toEqual([
        {
          symbol,
          timestamp: new Date(day),
          version: 1,
          features: { a: 1, b: 2, c: 3, d: 4 },
          metadata: { a: '1', b: '1', c: '1' },
          featureMetadata: { a: { of: 'a', a: '1' }, b: { of: 'b', b: '1' }, c: { of: 'c', c: '1' } },
          calculationTimeMs: 9,
        },
      ]);
    });

    it('writes what was given when the sets are changed right after the call', async () => {
      const symbol = uniqueName();
      const features: Record<string, number> = { a: 1 };
      const set = { ...batch(symbol), timestamp: new Date(day), features, metadata: { unit: 'x' } };
      const batches = [set];
      const writing = backend().features.insert(batches);
      spoil(features);
      spoil(set);
      batches.length = 0;
      expect(await writing).toMatchObject({ insertedCount: 1, failedCount: 0 });
      expect(await read(symbol)).toMatchObject([{ symbol, features: { a: 1 }, metadata: { unit: 'x' } }]);
    });

    it('keeps versions apart, and orders sets by timestamp, then symbol, then version', async () => {
      const start = uniqueDay();
      const sets = [0, 1].flatMap((n) =>
        TRICKY_NAMES.toSorted(byUtf8).flatMap((symbol) =>
          [0, 2, 10, 65_535].map((version) => [n, symbol, version] as const),
        ),
      );
      await write(
        ...sets.map(([n, symbol, version]) => batch(symbol, { timestamp: start + n, version })).toReversed(),
      );
      const { data, totalCount } = await backend().features.find({ startTime: start, endTime: start + DAY });
      expect(data.map((set) => [set.timestamp.getTime() - start, set.symbol, set.version])).toEqual(sets);
      expect(totalCount).toBe(sets.length);
    });

    it('counts features as inserted and updated, the later of two in one call wins', async () => {
      const symbol = uniqueName();
      expect(await write(batch(symbol, { features: { a: 1, b: 1 } }))).toMatchObject({ insertedCount: 2 });
      const result = await write(
        batch(symbol, { features: { b: 2, c: 2 } }),
        batch(symbol, { features: { c: 3 } }),
      );
      expect(result).toMatchObject({ insertedCount: 1, updatedCount: 2, failedCount: 0 });
      expect((await read(symbol)).map(({ features }) => features)).toEqual([{ a: 1, b: 2, c: 3 }]);
    });

    it('does not let features computed earlier undo later ones', async () => {
      const symbol = uniqueName();
      await write(batch(symbol, { features: { a: 2 }, computedAt: day + 1 }));
      await write(batch(symbol, { features: { a: 1, b: 1 }, computedAt: new Date(day) }));
      expect((await read(symbol))[0]?.features).toEqual({ a: 2, b: 1 });
      await write(batch(symbol, { features: { a: 3 }, computedAt: day + 1 }));
      expect((await read(symbol))[0]?.features).toEqual({ a: 3, b: 1 });
      await write(batch(symbol, { features: { a: 4 } }));
      expect((await read(symbol))[0]?.features).toEqual({ a: 4, b: 1 });
    });

    it('counts a feature as superseded when one call brings a later one first', async () => {
      const symbol = uniqueName();
      const [later, earlier] = [
        batch(symbol, { features: { a: 2 }, computedAt: day + 1 }),
        batch(symbol, { features: { a: 1 }, computedAt: day }),
      ];
      expect(await write(later!, earlier!)).toMatchObject({
        insertedCount: 1,
        updatedCount: 1,
        supersededCount: 1,
      });
      expect((await read(symbol))[0]?.features).toEqual({ a: 2 });
    });

    it('writes the good features and reports the bad ones by the position of their batch', async () => {
      const symbol = uniqueName();
      const result = await write(
        batch(symbol, { features: { good: 1, nan: NaN, text: untyped('1') } }),
        batch(symbol, { features: { fine: 2, infinite: -Infinity, '': 1 } }),
      );
      expect(result).toMatchObject({ insertedCount: 2, updatedCount: 0, failedCount: 4 });
      expect(result.errors.map(({ index, field }) => [index, field])).toEqual([
        [0, 'features.nan'],
        [0, 'features.text'],
        [1, 'features.infinite'],
        [1, 'features.'],
      ]);
      expect((await read(symbol))[0]?.features).toEqual({ good: 1, fine: 2 });
    });

    it('reports every feature of a batch that is wrong as a whole, and names the field', async () => {
      const symbol = uniqueName();
      const wrong: [Partial<Record<keyof FeatureBatch, unknown>>, string][] = [
        [{ symbol: '' }, 'symbol'],
        [{ timestamp: new Date(NaN) }, 'timestamp'],
        [{ version: 65_536 }, 'version'],
        [{ version: undefined }, 'version'],
        [{ calculationTimeMs: 0.5 }, 'calculationTimeMs'],
        [{ computedAt: 0.5 }, 'computedAt'],
        [{ metadata: { unit: 7 } }, 'metadata.unit'],
        [{ metadata: 'unit' }, 'metadata'],
        [{ metadata: { text: 'x'.repeat(65_536) } }, 'metadata'],
      ];
      const features = { a: 1, b: 2 };
      const result = await write(
        ...wrong.map(([more]) => batch(symbol, { features, ...(more as Partial<FeatureBatch>) })),
        batch(symbol, { features }),
      );
      expect(result).toMatchObject({ insertedCount: 2, failedCount: 2 * wrong.length });
      expect(result.errors.map(({ index, field }) => [index, field])).toEqual(
        wrong.flatMap(([, field], index) => [
          [index, field],
          [index, field],
        ]),
      );
    });

    it('reports a batch whose features are no map', async () => {
      const wrong = [undefined, null, 'rsi', [1], new Map([['rsi', 1]])];
      const result = await write(
        ...wrong.map((features) => batch(uniqueName(), { features: untyped(features) })),
        untyped<FeatureBatch>(null),
      );
      expect(result).toMatchObject({ insertedCount: 0, failedCount: 6 });
      expect(result.errors.map(({ index, field }) => [index, field])).toEqual(
        [0, 1, 2, 3, 4, 5].map((index) => [index, 'features']),
      );
      expect(await summaryOfRejection(() => backend().features.insert(untyped('rsi')))).toEqual({
        code: 'VALIDATION',
        field: 'batches',
      });
    });

    it('takes no batches, and batches without features', async () => {
      const none = { insertedCount: 0, updatedCount: 0, failedCount: 0, errors: [] };
      expect(await write()).toMatchObject(none);
      const symbol = uniqueName();
      expect(await write(batch(symbol, { features: {} }))).toMatchObject(none);
      expect(await read(symbol)).toEqual([]);
    });

    it('keeps values of 64 bits, and any name of a feature or of its metadata', async () => {
      const symbol = uniqueName();
      const values = [0.1, -1 / 3, 1.7976931348623157e308, 5e-324, -2.2250738585072014e-308, 2 ** 53];
      const features = new Map(TRICKY_NAMES.map((name, n) => [name, values[n % values.length]!]));
      const metadata = new Map([...TRICKY_NAMES, '', '\ud800'].map((name) => [name, `${name}!`]));
      await write(
        batch(symbol, { features: Object.fromEntries(features), metadata: Object.fromEntries(metadata) }),
      );
      const check = (set: { features: object; metadata: object } | null | undefined) => {
        expect(new Map(Object.entries(set!.features))).toEqual(features);
        expect(new Map(Object.entries(set!.metadata))).toEqual(metadata);
      };
      check((await read(symbol))[0]);
      check(await backend().features.latest(symbol));
    });

    it('counts sets beyond the limit too, not features', async () => {
      const symbol = uniqueName();
      await write(...[0, 1, 2].map((n) => batch(symbol, { timestamp: day + n, features: { a: n, b: n } })));
      for (const limit of [0, 1, 2, 3, 4]) {
        const { data, totalCount } = await backend().features.find({ symbol, limit });
        expect(data.map(({ features }) => features)).toEqual(
          [0, 1, 2].slice(0, limit).map((n) => ({ a: n, b: n })),
        );
        expect(totalCount).toBe(3);
      }
    });

    it('includes the start of a range and excludes its end', async () => {
      const symbol = uniqueName();
      const times = [Date.UTC(1900, 0, 1), -1, 0, 1, Date.UTC(2299, 11, 31, 23, 59, 59, 999)];
      await write(...times.map((timestamp) => batch(symbol, { timestamp })));
      const between = async (startTime: number, endTime: number) =>
        (await backend().features.find({ symbol, startTime, endTime })).data.map((set) =>
          set.timestamp.getTime(),
        );
      expect(await between(-1, 1)).toEqual([-1, 0]);
      expect(await between(0, 0)).toEqual([]);
      expect(await between(times[0]!, times[4]!)).toEqual(times.slice(0, 4));
      expect((await read(symbol)).map((set) => set.timestamp.getTime())).toEqual(times);
    });

    it('leaves only the feature asked for in each set, and only sets that have it', async () => {
      const symbol = uniqueName();
      await write(
        batch(symbol, { features: { a: 1, b: 2 }, version: 1 }),
        batch(symbol, { features: { b: 3 }, version: 2 }),
        batch(symbol, { features: { a: 4 }, timestamp: day + 1, version: 2 }),
      );
      const filtered = async (filters: Record<string, string>, limit?: number) => {
        const params = { symbol, filters, ...(limit !== undefined && { limit }) };
        const { data, totalCount } = await backend().features.find(params);
        return { sets: data.map(({ version, features }) => [version, features]), totalCount };
      };
      const one = { sets: [[1, { a: 1 }]], totalCount: 2 };
      expect(await filtered({ featureName: 'a' })).toEqual({
        sets: [...one.sets, [2, { a: 4 }]],
        totalCount: 2,
      });
      expect(await filtered({ featureName: 'a' }, 1)).toEqual(one);
      expect(await filtered({ featureVersion: '2', featureName: 'b' })).toEqual({
        sets: [[2, { b: 3 }]],
        totalCount: 1,
      });
      expect(await filtered({ featureName: 'c' })).toEqual({ sets: [], totalCount: 0 });
    });

    it('refuses other filters, naming them', async () => {
      const wrong: [Record<string, string>, string][] = [
        [{ featureValue: '1' }, 'filters.featureValue'],
        [{ version: '1' }, 'filters.version'],
        [{ featureVersion: '-1' }, 'filters.featureVersion'],
        [{ featureVersion: 'one' }, 'filters.featureVersion'],
        [{ featureName: '' }, 'filters.featureName'],
      ];
      for (const [filters, field] of wrong) {
        expect(await summaryOfRejection(() => backend().features.find({ filters }))).toEqual({
          code: 'VALIDATION',
          field,
        });
      }
    });

    it('gives the set with the greatest timestamp, of equals the greatest version', async () => {
      const symbol = uniqueName();
      await write(
        batch(symbol, { timestamp: day + 2, version: 2, features: { a: 1, b: 2 }, metadata: { unit: '%' } }),
        batch(symbol, { timestamp: day + 2, version: 1, features: { c: 3 } }),
        batch(symbol, { timestamp: day + 2, version: 10, features: { a: 5 }, calculationTimeMs: 4 }),
        batch(symbol, { timestamp: day + 1, version: 11 }),
      );
      expect(await backend().features.latest(symbol)).toEqual({
        symbol,
        timestamp: new Date(day + 2),
        version: 10,
        features: { a: 5 },
        metadata: {},
        featureMetadata: {},
        calculationTimeMs: 4,
      });
    });

    it('has no newest set of an unknown symbol and refuses what cannot be one', async () => {
      expect(await backend().features.latest(uniqueName())).toBeNull();
      expect(await summaryOfRejection(() => backend().features.latest(''))).toEqual({
        code: 'VALIDATION',
        field: 'symbol',
      });
    });

    it('gives the newest value of one feature, in whichever set it stands', async () => {
      const symbol = uniqueName();
      await write(
        batch(symbol, { timestamp: day + 2, version: 1, features: { b: 1 } }),
        batch(symbol, { timestamp: day + 1, version: 2, features: { a: 2, b: 3 } }),
        batch(symbol, { timestamp: day + 1, version: 10, features: { a: -0.1 } }),
        batch(symbol, { timestamp: day, version: 11, features: { a: 5, c: 7 } }),
      );
      const { features } = backend();
      expect(await features.latestValue(symbol, 'a')).toBe(-0.1);
      expect(await features.latestValue(symbol, 'b')).toBe(1);
      expect(await features.latestValue(symbol, 'c')).toBe(7);
      expect(await features.latestValue(symbol, 'd')).toBeNull();
      expect(await features.latestValue(symbol, 'constructor')).toBeNull();
      expect(await features.latestValue(uniqueName(), 'a')).toBeNull();
      expect(await summaryOfRejection(() => features.latestValue('', 'a'))).toMatchObject({
        field: 'symbol',
      });
      expect(await summaryOfRejection(() => features.latestValue(symbol, ''))).toMatchObject({
        field: 'featureName',
      });
    });

    it('leaves the batches as they were and returns copies', async () => {
      const symbol = uniqueName();
      const given = batch(symbol, { timestamp: new Date(day), features: { a: 1 }, metadata: { unit: '%' } });
      const snapshot = structuredClone(given);
      await write(given);
      expect(given).toEqual(snapshot);
      const expected = structuredClone(await read(symbol));
      spoil(given as unknown as Record<string, unknown>);
      spoil((await read(symbol))[0] as unknown as Record<string, unknown>);
      spoil((await backend().features.latest(symbol)) as unknown as Record<string, unknown>);
      expect(await read(symbol)).toEqual(expected);
      expect(await backend().features.latest(symbol)).toEqual(expected[0]);
    });

    it('loses nothing when batches are written at the same time', async () => {
      const symbol = uniqueName();
      const names = Array.from({ length: 12 }, (_, n) => `f${n}`);
      const results = await Promise.all(
        names.map((name) => write(batch(symbol, { features: { [name]: 1 } }))),
      );
      expect(results.map(({ insertedCount }) => insertedCount)).toEqual(names.map(() => 1));
      expect((await read(symbol)).map(({ features }) => Object.keys(features).toSorted())).toEqual([
        names.toSorted(),
      ]);
    });
  });
}
