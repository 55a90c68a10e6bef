import type { FeatureBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { uniqueDay, uniqueName } from './subject.js';

/** Tests the metadata of features and large feature sets. */
export function featureMetadataTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const timestamp = uniqueDay();
  const write = (symbol: string, more: Partial<FeatureBatch>) =>
    backend().features.insert([{ symbol, timestamp, version: 1, features: { a: 1 }, ...more }]);

  it('keeps metadata per feature and the common part per set', async () => {
    const symbol = uniqueName();
    await write(symbol, { features: { rsi: 1 }, metadata: { unit: 'percent', window: '14' } });
    await write(symbol, { features: { zscore: 2 }, metadata: { unit: 'sigma', window: '14', of: 'close' } });
    await write(symbol, { features: { plain: 3 } });
    const set = await backend().features.latest(symbol);
    expect(set).toMatchObject({
      features: { rsi: 1, zscore: 2, plain: 3 },
      metadata: { window: '14', of: 'close' },
      featureMetadata: {
        rsi: { unit: 'percent', window: '14' },
        zscore: { unit: 'sigma', window: '14', of: 'close' },
      },
    });
    expect(Object.keys(set!.featureMetadata)).toEqual(['rsi', 'zscore']);
    expect('unit' in set!.metadata).toBe(false);
  });

  it('a correction replaces the metadata of its feature', async () => {
    const symbol = uniqueName();
    await write(symbol, { metadata: { unit: 'percent' } });
    await write(symbol, { metadata: { unit: 'sigma' } });
    expect(await backend().features.latest(symbol)).toMatchObject({
      metadata: { unit: 'sigma' },
      featureMetadata: { a: { unit: 'sigma' } },
    });
  });

  it('refuses metadata columns that are no JSON object', async () => {
    const symbol = uniqueName();
    const good = '{"unit":"%"}';
    const texts = [good, '', 'x', 'null', '{"a":1}', '[1]', '"s"', '5', good];
    const collector = backend().blocks.collect('features');
    const { rowCount, errors } = collector.append({
      columns: { featureName: texts.map((_, n) => `f${n}`), featureMetadata: texts },
      constants: { symbol, timestamp, featureValue: 1, featureVersion: 1, calculationTimeMs: 0 },
    });
    expect(rowCount).toBe(2);
    expect(errors).toEqual(
      texts.slice(1, -1).map((_, n) => ({
        index: n + 1,
        field: 'featureMetadata',
        reason: 'must be a JSON object of strings',
      })),
    );
    for (const block of collector.finish()) await backend().blocks.write(block);
    expect(await backend().features.latest(symbol)).toMatchObject({
      features: { f0: 1, f8: 1 },
      metadata: { unit: '%' },
    });
  });

  it('reads a set of 130,000 features', async () => {
    const symbol = uniqueName();
    const count = 130_000;
    const collector = backend().blocks.collect('features');
    collector.append({
      columns: { featureName: Array.from({ length: count }, (_, n) => `f${n}`) },
      constants: {
        ...{ symbol, timestamp, featureValue: 1, featureMetadata: '{"unit":"%"}' },
        ...{ featureVersion: 1, calculationTimeMs: 7 },
      },
    });
    for (const block of collector.finish()) await backend().blocks.write(block);
    const set = await backend().features.latest(symbol);
    expect(Object.keys(set!.features)).toHaveLength(count);
    expect(set).toMatchObject({ metadata: { unit: '%' }, calculationTimeMs: 7 });
  });
}
