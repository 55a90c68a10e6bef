import type { MetricFamily } from '@quantumtrade/dal-telemetry';

/** Storage of one table on all servers that were asked. Replicas count each. */
export interface TableStorage {
  readonly table: string;
  rows: number;
  parts: number;
  compressedBytes: number;
  uncompressedBytes: number;
}

/** State that the overview takes from the metrics. */
export interface MeasuredState {
  readonly storage: readonly TableStorage[];
  readonly breakers: readonly { readonly name: string; readonly state: string }[];
  readonly ingest: readonly { readonly record: string; readonly rows: number; readonly bytes: number }[];
  readonly cache: readonly { readonly level: string; readonly result: string; readonly requests: number }[];
  /** Metrics of the journal and of transactions; null where they are not measured. */
  readonly backlog: {
    readonly journaledBlocks: number | null;
    readonly oldestSeconds: number | null;
    readonly pendingBytes: number | null;
  };
}

type Point = { readonly attributes: Readonly<Record<string, string>>; readonly value: number };

/** Selects storage, breakers, ingest, cache and backlog of the metrics. */
export function measuredOf(families: readonly MetricFamily[]): MeasuredState {
  const byName = new Map<string, readonly Point[]>(
    families.map(({ name, points }) => [
      name,
      points.filter((point): point is Point => typeof point.value === 'number'),
    ]),
  );
  const points = (name: string) => byName.get(`quantumtrade.dal.${name}`) ?? [];
  const single = (name: string) => points(name)[0]?.value ?? null;
  const attribute = ({ attributes }: Point, name: string) => attributes[`quantumtrade.dal.${name}`] ?? '';
  const bytes = new Map(points('ingest.size').map((point) => [attribute(point, 'record'), point.value]));
  return {
    storage: storageOf(points),
    breakers: points('breaker.state')
      .filter(({ value }) => value === 1)
      .map((point) => ({ name: attribute(point, 'breaker'), state: attribute(point, 'breaker.state') })),
    ingest: points('ingest.rows').map((point) => {
      const record = attribute(point, 'record');
      return { record, rows: point.value, bytes: bytes.get(record) ?? 0 };
    }),
    cache: points('cache.requests').map((point) => ({
      level: attribute(point, 'cache.level'),
      result: attribute(point, 'cache.result'),
      requests: point.value,
    })),
    backlog: {
      journaledBlocks: single('journal.depth'),
      oldestSeconds: single('journal.age'),
      pendingBytes: single('writer.pending'),
    },
  };
}

function storageOf(points: (name: string) => readonly Point[]): TableStorage[] {
  const tables = new Map<string, TableStorage>();
  const add = (name: string, to: (point: Point) => Exclude<keyof TableStorage, 'table'>) => {
    for (const point of points(name)) {
      const table = point.attributes['db.collection.name']!;
      let found = tables.get(table);
      if (!found) {
        tables.set(table, (found = { table, rows: 0, parts: 0, compressedBytes: 0, uncompressedBytes: 0 }));
      }
      found[to(point)] += point.value;
    }
  };
  add('storage.rows', () => 'rows');
  add('storage.parts', () => 'parts');
  add('storage.size', ({ attributes }) =>
    attributes['quantumtrade.dal.storage.form'] === 'compressed' ? 'compressedBytes' : 'uncompressedBytes',
  );
  return [...tables.values()].sort((a, b) => b.compressedBytes - a.compressedBytes);
}
