import type { AnyColumns, FeatureSet, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { feature } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { featureSetsOf } from './feature-sets.js';
import { collect } from './method-cases.js';
import { compareOutput, inOrder, ORDERS } from './paging.js';
import { allPages, readsOf, rowsFromColumns, rowTexts } from './read-methods.js';
import { DAY, uniqueDay, uniqueName } from './subject.js';

/** Tests pages, streams and columns of features. */
export function featurePagingTests({ it, expect }: TestRunner, backend: () => TimeSeriesBackend): void {
  /** Writes sets of several symbols, instants and versions. */
  async function writeSets() {
    const day = uniqueDay();
    const { batch, write } = featureSetsOf(backend, day);
    const symbols = ['é', 'b', 'Z'].map((prefix) => uniqueName(prefix));
    const sets = symbols.flatMap((symbol) =>
      [0, 1].flatMap((n) =>
        [2, 10].map((version) =>
          batch(symbol, { timestamp: day + n, version, features: { b: n, a: version, é: 0.5 } }),
        ),
      ),
    );
    await write(...sets.toReversed());
    return { symbols, range: { startTime: day, endTime: day + DAY } };
  }

  const setOrder = (sets: readonly FeatureSet[], order: string, direction: string) => {
    const fields = order === 'key' ? ['symbol', 'timestamp', 'version'] : ['timestamp', 'symbol', 'version'];
    const sign = direction === 'descending' ? -1 : 1;
    return sets.toSorted((a, b) => {
      const compared = fields.map((name) =>
        compareOutput(a[name as keyof FeatureSet], b[name as keyof FeatureSet]),
      );
      return sign * (compared.find((each) => each !== 0) ?? 0);
    });
  };

  it('pages and streams of sets return every set once', async () => {
    const { symbols, range } = await writeSets();
    const { features } = backend();
    const all = (await features.find(range)).data;
    expect(all).toHaveLength(12);
    expect(all).toEqual(setOrder(all, 'key', 'ascending'));
    const one = (await features.find({ symbol: symbols[0]! })).data;
    expect(one).toEqual(setOrder(one, 'time', 'ascending'));
    for (const ordered of ORDERS) {
      const expected = setOrder(all, ordered.order, ordered.direction);
      for (const limit of [1, 5, 12]) {
        const pages = await allPages(readsOf(backend(), 'features'), { ...range, ...ordered, limit });
        expect(pages.flatMap(({ data }) => data)).toEqual(expected);
        expect(pages).toHaveLength(Math.ceil(12 / limit));
        expect(pages[0]!.totalCount).toBe(12);
      }
      const batches = await collect(features.stream({ ...range, ...(ordered as object), batchRows: 5 }));
      expect(batches.flat()).toEqual(expected);
      expect(batches.every(({ length }) => length > 0 && length <= 5)).toBe(true);
    }
    const few = await collect(features.stream({ ...range, limit: 2 }));
    expect(few.flat()).toEqual(all.slice(0, 2));
    const sets = features.stream(range);
    for (let times = 0; times < 2; times++) expect(await collect(sets)).toEqual([all]);
    const columns = features.streamColumns(range);
    const rowsOf = async () => (await collect(columns)).flatMap((batch) => rowsFromColumns(batch, feature));
    const first = await rowsOf();
    expect(first).toHaveLength(36);
    expect(await rowsOf()).toEqual(first);
  });

  it('sets keep their features in the order of names in each direction', async () => {
    const { range } = await writeSets();
    for (const ordered of ORDERS) {
      const { data } = await backend().features.find({ ...range, ...(ordered as object) });
      expect(data.map(({ features }) => Object.keys(features))).toEqual(data.map(() => ['a', 'b', 'é']));
    }
  });

  it('reads in any order return each set and feature once', async () => {
    const { range } = await writeSets();
    const { features } = backend();
    const params = { ...range, order: 'none', batchRows: 5 } as const;
    const sets = (await collect(features.stream(params))).flat();
    expect(rowTexts(sets).sort()).toEqual(rowTexts((await features.find(range)).data).sort());
    const rowsOf = (columns: AnyColumns) => rowsFromColumns(columns, feature);
    const expected = rowTexts(rowsOf(await features.columns(range))).sort();
    const batches = await collect(features.streamColumns(params));
    for (const limit of [undefined, 5]) {
      const page = await features.find({ ...range, order: 'none', limit });
      const found = rowTexts(page.data);
      expect(page).toMatchObject({ hasMore: limit !== undefined, nextCursor: null, totalCount: 12 });
      expect([found.length, new Set([...found, ...rowTexts(sets)]).size]).toEqual([limit ?? 12, 12]);
    }
    for (const rows of [
      batches.flatMap(rowsOf),
      rowsOf(await features.columns({ ...range, order: 'none' })),
    ]) {
      expect(rowTexts(rows).sort()).toEqual(expected);
    }
    expect(await summaryOfRejection(() => features.find({ order: 'none', cursor: 'x' }))).toEqual({
      code: 'VALIDATION',
      field: 'cursor',
    });
  });

  it('find and stream of sets take no fields', async () => {
    const select = { select: ['symbol'] } as object;
    const refused = { code: 'VALIDATION', field: 'select' };
    const { features } = backend();
    expect(await summaryOfRejection(() => features.find(select))).toEqual(refused);
    expect(await summaryOfRejection(() => collect(features.stream(select)))).toEqual(refused);
  });

  it('columns of features have one row for each feature', async () => {
    const { range } = await writeSets();
    const { features } = backend();
    const sets = (await features.find(range)).data;
    const rows = sets.flatMap((set) =>
      Object.entries(set.features).map(([featureName, featureValue]) => ({
        symbol: set.symbol,
        timestamp: set.timestamp,
        featureName,
        featureValue,
        featureMetadata: '{}',
        featureVersion: set.version,
        calculationTimeMs: 0,
      })),
    );
    for (const ordered of ORDERS) {
      const expected = inOrder(feature, rows, ordered.order, ordered.direction);
      const params = { ...range, ...(ordered as object) };
      expect(rowsFromColumns(await features.columns(params), feature)).toEqual(expected);
      const batches = await collect(features.streamColumns({ ...params, batchRows: 7 }));
      expect(batches.flatMap((batch) => rowsFromColumns(batch, feature))).toEqual(expected);
    }
    const { columns, rowCount } = await features.columns({ ...range, select: ['featureValue'], limit: 4 });
    expect([Object.keys(columns), rowCount]).toEqual([['featureValue'], 4]);
    expect(columns.featureValue instanceof Float64Array).toBe(true);
  });

  it('latestMany returns the latest set of each symbol', async () => {
    const { symbols } = await writeSets();
    const { features } = backend();
    const values = [symbols[2]!, uniqueName(), symbols[0]!, symbols[2]!];
    const expected = [];
    for (const symbol of [symbols[2]!, symbols[0]!]) expected.push([symbol, await features.latest(symbol)]);
    expect([...(await features.latestMany(values))]).toEqual(expected);
    expect(await features.latestMany([])).toEqual(new Map());
    for (const [wrong, field] of [
      ['A', 'symbols'],
      [['A', ''], 'symbols.1'],
    ] as const) {
      expect(await summaryOfRejection(() => features.latestMany(wrong as never))).toEqual({
        code: 'VALIDATION',
        field,
      });
    }
  });
}
