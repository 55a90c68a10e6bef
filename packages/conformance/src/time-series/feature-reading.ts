import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { featureSetsOf } from './feature-sets.js';
import { answer, byUtf8, DAY, TRICKY_NAMES, uniqueDay, uniqueName } from './subject.js';

/** Tests how feature sets are read. */
export function featureReadingTests({ it, expect }: TestRunner, backend: () => TimeSeriesBackend): void {
  const day = uniqueDay();
  const { batch, write, read } = featureSetsOf(backend, day);

  it('returns features of one symbol, instant and version as a set', async () => {
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

  it('orders sets by timestamp, then symbol, then version', async () => {
    const start = uniqueDay();
    const sets = [0, 1].flatMap((n) =>
      TRICKY_NAMES.toSorted(byUtf8).flatMap((symbol) =>
        [0, 2, 10, 65_535].map((version) => [n, symbol, version] as const),
      ),
    );
    await write(
      ...sets.map(([n, symbol, version]) => batch(symbol, { timestamp: start + n, version })).toReversed(),
    );
    const { data, totalCount } = await backend().features.find({
      startTime: start,
      endTime: start + DAY,
      order: 'time',
    });
    expect(data.map((set) => [set.timestamp.getTime() - start, set.symbol, set.version])).toEqual(sets);
    expect(totalCount).toBe(sets.length);
  });

  it('stores 64-bit values and any feature or metadata name', async () => {
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

  it('counts sets beyond the limit', async () => {
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

  it('returns only the filtered feature and sets that have it', async () => {
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

  it('refuses other filters by name', async () => {
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

  it('returns the latest set by timestamp, then version', async () => {
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

  it('returns null for an unknown symbol and refuses wrong ones', async () => {
    expect(await backend().features.latest(uniqueName())).toBeNull();
    expect(await summaryOfRejection(() => backend().features.latest(''))).toEqual({
      code: 'VALIDATION',
      field: 'symbol',
    });
  });

  it('returns the newest value of a feature from any set', async () => {
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
}
