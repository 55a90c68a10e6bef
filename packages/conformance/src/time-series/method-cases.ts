import type { CallOptions, RecordDefinition, RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { recordNames, records } from '@quantumtrade/dal-domain';
import { batchOfRows, caseOf } from './record-cases.js';

/** One method of a backend's ports, with arguments for every suite that tests all methods alike. */
export interface MethodCase {
  /** Name of the operation, e.g. `marketData.find`. */
  readonly name: string;
  readonly port: keyof TimeSeriesBackend;
  readonly method: string;
  /** Valid arguments without the options. The options follow them. */
  readonly args: readonly unknown[];
  /** Names that errors give to arguments which must be there, by position. */
  readonly parameters: readonly string[];
  /** Whether the first argument may be left out. */
  readonly isOptional?: boolean;
  /** Invalid arguments. */
  readonly wrong?: readonly unknown[];
  /** Arguments with which there is nothing to read or store. */
  readonly empty?: readonly unknown[];
  /** Error code of invalid arguments. @default VALIDATION */
  readonly wrongCode?: string;
  /** Whether the options may have `exact`. */
  readonly isExact?: boolean;
  /** Schema version from which on the tables that the method needs exist; undefined when it needs none. */
  readonly since?: number;
}

type Method = (...args: unknown[]) => Promise<unknown> | AsyncIterable<unknown>;

/** Calls a method with these arguments and, if given, options. Resolves with all batches of a stream. */
export function callMethod(
  backend: TimeSeriesBackend,
  { port, method }: MethodCase,
  args: readonly unknown[],
  ...options: CallOptions[]
): Promise<unknown> {
  const result = (backend[port] as unknown as Readonly<Record<string, Method>>)[method]!(...args, ...options);
  return Symbol.asyncIterator in result ? collect(result) : result;
}

/** Returns all items of an iterable. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

const set = { symbol: 'CALLS', timestamp: 0, features: { a: 1 }, version: 1 };

/** Returns the methods of a record's repository. */
function recordMethods(record: RecordName): MethodCase[] {
  const { since, latest, identifier, evaluate, batch }: RecordDefinition = records[record];
  const method = (name: string, rest: Omit<MethodCase, 'name' | 'port' | 'method'>): MethodCase => ({
    ...{ name: `${record}.${name}`, port: record, method: name, since, isExact: true },
    ...rest,
  });
  const reads = ['find', 'stream', 'streamColumns', 'columns'].map((name) =>
    method(name, { args: [{}], parameters: ['params'], wrong: [{ limit: -1 }], isOptional: true }),
  );
  if (batch.form === 'sets') {
    return [
      method('insert', {
        args: [[set]],
        parameters: ['batches'],
        wrong: ['sets'],
        empty: [[]],
        isExact: false,
      }),
      ...reads.map((read) => ({ ...read, isExact: false })),
      method('latest', { args: ['CALLS'], parameters: ['symbol'], wrong: [''], isExact: false }),
      method('latestMany', { args: [['CALLS']], parameters: ['symbols'], wrong: [['']], isExact: false }),
      method('latestValue', {
        ...{ args: ['CALLS', 'a'], parameters: ['symbol', 'featureName'], wrong: ['CALLS', ''] },
        isExact: false,
      }),
    ];
  }
  const tested = caseOf(record);
  return [
    method('insert', {
      args: [batchOfRows(tested, [tested.row('CALLS', 0)])],
      parameters: ['batch'],
      wrong: [5],
      empty: [batchOfRows(tested, [])],
      isExact: false,
    }),
    ...reads,
    ...(latest?.returns === 'rows'
      ? [
          method('latest', { args: ['CALLS', 1], parameters: [latest.by, 'limit'], wrong: ['CALLS', -1] }),
          method('latestMany', {
            args: [['CALLS'], 1],
            parameters: [`${latest.by}s`, 'limit'],
            wrong: [['CALLS'], -1],
          }),
        ]
      : []),
    ...(latest?.returns === 'row'
      ? [
          method('latest', { args: ['CALLS'], parameters: [latest.by], wrong: [''] }),
          method('latestMany', { args: [['CALLS']], parameters: [`${latest.by}s`], wrong: [['']] }),
        ]
      : []),
    ...(identifier
      ? [
          method('findById', { args: ['CALLS'], parameters: [identifier], wrong: [''] }),
          method('findByIds', { args: [['CALLS']], parameters: [`${identifier}s`], wrong: [['']] }),
        ]
      : []),
    ...(evaluate
      ? [
          method('dueForEvaluation', {
            args: [60, 0],
            parameters: ['horizonMinutes', 'now'],
            wrong: [60, 0, { limit: -1 }],
            since: records[evaluate.outcomes as RecordName].since,
          }),
        ]
      : []),
  ];
}

const other = (
  name: string,
  rest: Omit<MethodCase, 'name' | 'port' | 'method' | 'parameters'>,
): MethodCase => {
  const [port, method] = name.split('.') as [keyof TimeSeriesBackend, string];
  return { name, port, method, parameters: [], ...rest };
};

/** Every method of a backend that takes call options, but for `blocks.write`. */
export const methodCases: readonly MethodCase[] = [
  ...recordNames.flatMap(recordMethods),
  {
    ...other('analytics.aggregate', { args: [{}], wrong: [{ limit: -1 }], isExact: true, since: 1 }),
    parameters: ['params'],
  },
  {
    ...other('analytics.aggregate', { args: [{}], wrong: [{ record: 'outcome' }], isExact: true, since: 1 }),
    name: 'analytics.aggregate of an unknown record',
    parameters: ['params'],
  },
  ...recordNames
    .filter((record) => records[record].aggregate !== undefined)
    .map((record) => ({
      ...other('analytics.aggregate', { args: [{ record }], wrong: [{ record, limit: -1 }], isExact: true }),
      name: `analytics.aggregate of ${record}`,
      since: records[record].since,
    })),
  {
    ...other('analytics.lateBars', { args: [{}], wrong: [{ maxScanRows: 0 }], since: 1 }),
    parameters: ['params'],
  },
  other('checkpoints.load', { args: ['CALLS'], wrong: [''], since: 7 }),
  other('checkpoints.save', { args: ['CALLS', 1], wrong: ['CALLS', -1], since: 7 }),
  other('copies.compare', { args: [] }),
  other('copies.repair', { args: [] }),
  {
    ...other('queryPlans.explain', { args: ['marketData', {}], wrong: ['marketData', { limit: -1 }] }),
    parameters: ['record'],
  },
  {
    ...other('queryPlans.explainAggregation', { args: [{}], wrong: [{ limit: -1 }] }),
    parameters: ['params'],
  },
  other('schema.initialize', { args: [] }),
  other('schema.migrate', { args: [0], wrong: [0.5], wrongCode: 'MIGRATION' }),
  other('schema.validate', { args: [] }),
  other('schema.version', { args: [] }),
  other('storage.usage', { args: [] }),
  other('storage.plan', { args: [] }),
  other('storage.apply', { args: [] }),
  other('guarantees.inspect', { args: [] }),
  other('probe.ping', { args: [] }),
];
