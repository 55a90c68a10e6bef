import type { RecordRepositories } from '../ports/record-repositories.js';
import type { Analytics } from '../ports/analytics.js';
import type { MarketData } from '../records/market-data.js';
import type { MissingShard, Page } from '../results.js';
import type { TextDictionary } from '../records/kinds/text-dictionary.js';

/** Each line without an error expectation compiles; each with one is refused by the compiler. It is never called. */
export async function compile(records: RecordRepositories, analytics: Analytics): Promise<void> {
  const { marketData, predictions, features, strategyPerformance } = records;
  const page: Page<MarketData> = await marketData.find({ symbol: 'A', filters: { source: 'x' } });
  void page;
  const [row] = (await marketData.find({ select: ['symbol', 'close'] }, { exact: true })).data;
  row!.close satisfies string;
  // @ts-expect-error the field was not selected
  void row!.open;
  // @ts-expect-error a record has no such field
  await marketData.find({ select: ['price'] });
  // @ts-expect-error a record has no such filter
  await marketData.find({ filters: { close: 1 } });
  // @ts-expect-error a filter has values of its field
  await marketData.find({ filters: { source: 7 } });
  await predictions.find({ filters: { predictionHorizon: 60, modelVersion: 'm' } });
  await predictions.find({ filters: { predictionHorizon: '60' } });
  // @ts-expect-error an unknown parameter
  await marketData.find({ symbls: ['A'] });
  // @ts-expect-error a cursor is for pages
  marketData.stream({ cursor: 'x' });
  // @ts-expect-error sets have no fields to select
  await features.find({ select: ['symbol'] });

  for await (const batch of marketData.stream({ select: ['close'] })) batch[0]!.close satisfies number;
  const { columns } = await marketData.columns({ select: ['symbol', 'timestamp', 'close'] });
  columns.symbol satisfies TextDictionary;
  columns.timestamp satisfies Float64Array;
  // @ts-expect-error the field was not selected
  void columns.open;
  const exact = await marketData.columns({}, { exact: true });
  exact.columns.close satisfies BigInt64Array | string[];
  exact.columns.timestamp satisfies BigInt64Array;
  (await strategyPerformance.columns()).columns.winRate satisfies (number | null)[];

  const partial = await marketData.find({ select: ['close'] }, { missingShards: 'allowed', exact: true });
  partial.missing satisfies MissingShard[];
  partial.data[0]!.close satisfies string;
  (await marketData.columns({}, { missingShards: 'allowed' })).missing satisfies MissingShard[];
  (await features.find({}, { missingShards: 'allowed' })).missing satisfies MissingShard[];
  const latest = await marketData.latestMany(['A'], 1, { missingShards: 'allowed' });
  latest.missing satisfies MissingShard[];
  latest.data satisfies Map<string, MarketData[]>;
  (await marketData.latestMany(['A'], 1)) satisfies Map<string, MarketData[]>;
  // @ts-expect-error an answer that may not lack rows has no report
  void page.missing;
  // @ts-expect-error entries that may lack rows are beside the report
  void latest.get('A');
  // @ts-expect-error a stream may not lack rows
  marketData.stream({}, { missingShards: 'allowed' });
  // @ts-expect-error sums of a part of the rows look like those of all
  await analytics.aggregate({}, { missingShards: 'allowed' });

  await analytics.aggregate({ interval: '1d', measure: 'close', groupBy: ['source'] });
  await analytics.aggregate({ record: 'predictions', measure: 'confidence', groupBy: ['modelVersion'] });
  // @ts-expect-error market data has no such measure
  await analytics.aggregate({ measure: 'confidence' });
  // @ts-expect-error sentiment has no such group
  await analytics.aggregate({ record: 'sentiment', groupBy: ['strategyName'] });
  // @ts-expect-error outcomes have no such filter
  await analytics.aggregate({ record: 'outcomes', filters: { source: 'x' } });
}

it('the compiler checks parameters and narrows rows', () => {
  expect(compile).toHaveLength(2);
});
