import type { FeatureBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { featureSetsOf } from './feature-sets.js';
import { uniqueDay, uniqueName, untyped } from './subject.js';
import { spoil } from './writing.js';

/** Tests how features are written. */
export function featureWritingTests({ it, expect }: TestRunner, backend: () => TimeSeriesBackend): void {
  const day = uniqueDay();
  const { batch, write, read } = featureSetsOf(backend, day);

  it('merges batches of one symbol, instant and version into a set', async () => {
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

  it('writes the given sets when the caller changes them afterwards', async () => {
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

  it('counts inserted and updated features of one call', async () => {
    const symbol = uniqueName();
    expect(await write(batch(symbol, { features: { a: 1, b: 1 } }))).toMatchObject({ insertedCount: 2 });
    const result = await write(
      batch(symbol, { features: { b: 2, c: 2 } }),
      batch(symbol, { features: { c: 3 } }),
    );
    expect(result).toMatchObject({ insertedCount: 1, updatedCount: 2, failedCount: 0 });
    expect((await read(symbol)).map(({ features }) => features)).toEqual([{ a: 1, b: 2, c: 3 }]);
  });

  it('keeps features with the later computation time', async () => {
    const symbol = uniqueName();
    await write(batch(symbol, { features: { a: 2 }, computedAt: day + 1 }));
    await write(batch(symbol, { features: { a: 1, b: 1 }, computedAt: new Date(day) }));
    expect((await read(symbol))[0]?.features).toEqual({ a: 2, b: 1 });
    await write(batch(symbol, { features: { a: 3 }, computedAt: day + 1 }));
    expect((await read(symbol))[0]?.features).toEqual({ a: 3, b: 1 });
    await write(batch(symbol, { features: { a: 4 } }));
    expect((await read(symbol))[0]?.features).toEqual({ a: 4, b: 1 });
  });

  it('counts a feature superseded by a later one of the call', async () => {
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

  it('writes valid features and reports others by batch position', async () => {
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

  it('reports every feature of a wrong batch with the field', async () => {
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

  it('accepts no batches and batches without features', async () => {
    const none = { insertedCount: 0, updatedCount: 0, failedCount: 0, errors: [] };
    expect(await write()).toMatchObject(none);
    const symbol = uniqueName();
    expect(await write(batch(symbol, { features: {} }))).toMatchObject(none);
    expect(await read(symbol)).toEqual([]);
  });

  it('returns copies and leaves the batches unchanged', async () => {
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

  it('stores every batch of concurrent writes', async () => {
    const symbol = uniqueName();
    const names = Array.from({ length: 12 }, (_, n) => `f${n}`);
    const results = await Promise.all(names.map((name) => write(batch(symbol, { features: { [name]: 1 } }))));
    expect(results.map(({ insertedCount }) => insertedCount)).toEqual(names.map(() => 1));
    expect((await read(symbol)).map(({ features }) => Object.keys(features).toSorted())).toEqual([
      names.toSorted(),
    ]);
  });
}
