import type {
  AggregatedData,
  AggregationParams,
  AnyColumns,
  Page,
  RecordDefinition,
  RecordName,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { isDatabaseError, records } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import type { TestRunner } from '../runner.js';
import type { Operation } from './arbitraries.js';
import { finalReads, operations, PAGES } from './arbitraries.js';
import { collect } from './method-cases.js';
import { allPages, readsOf, rowsFromColumns, rowTexts } from './read-methods.js';
import type { OpenTimeSeries } from './subject.js';

export interface ModelTestSettings {
  /** Number of random sequences. `QT_RUNS` overrides it. @default 20 (sequences) */
  runs?: number;
  /** Seed of the random sequences. `QT_SEED` overrides it. @default random */
  seed?: number;
}

/** Time limit of one sequence on both backends, shrinking included, in milliseconds. */
const RUN_MS = 15_000;

/**
 * Runs the same random writes and reads on a model and a real backend and compares every answer deeply. Means
 * of floats may differ by a billionth. The test's name contains its seed.
 */
export function timeSeriesModelTest(
  runner: TestRunner,
  openModel: OpenTimeSeries,
  openReal: OpenTimeSeries,
  settings: ModelTestSettings = {},
): void {
  const numRuns = Number(process.env['QT_RUNS'] ?? settings.runs ?? 20);
  const seed = Number(process.env['QT_SEED'] ?? settings.seed ?? Math.floor(Math.random() * 2 ** 31));
  const timeLimit = Math.max(20, numRuns) * RUN_MS;

  runner.it(
    `every answer equals the model's (${numRuns} runs, QT_SEED=${seed})`,
    () =>
      fc.assert(
        fc.asyncProperty(operations, async (sequence) => {
          const [model, real] = await Promise.all([openModel(), openReal()]);
          try {
            for (const operation of [...sequence, ...finalReads]) {
              const expected = await perform(model.backend, operation);
              const actual = await perform(real.backend, operation);
              runner.expect(withMeansOf(expected, actual, operation)).toEqual(expected);
            }
          } finally {
            await Promise.all([model.close(), real.close()]);
          }
        }),
        { numRuns, seed, interruptAfterTimeLimit: timeLimit, markInterruptAsFailure: true },
      ),
    timeLimit + 60_000,
  );
}

type Answer = Record<string, unknown> | readonly unknown[] | number | null | undefined;

type Methods = Readonly<Record<string, (...args: unknown[]) => Promise<unknown> | AsyncIterable<unknown>>>;

/** Returns the answer or the error of a call, in a form that compares deeply. */
async function perform(backend: TimeSeriesBackend, operation: Operation): Promise<Answer> {
  const { port, method, args } = operation;
  const methods = backend[port as keyof TimeSeriesBackend] as unknown as Methods;
  try {
    if (method === PAGES) return (await findPages(backend, operation)).map(withoutOwn);
    const result = methods[method]!(...args);
    const answer = Symbol.asyncIterator in result ? await collect(result) : await result;
    const found = comparable(answer, port as RecordName);
    return isInAnyOrder(args[0]) ? inOneOrder(found) : found;
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return { failed: error.code, field: 'field' in error ? error.field : undefined };
  }
}

const isInAnyOrder = (params: unknown): boolean =>
  (params as { order?: string } | undefined)?.order === 'none';

/** Returns an answer in any order with its rows in one. Of a page that leaves rows out, only the number of its rows is kept. */
function inOneOrder(answer: Answer): Answer {
  if (Array.isArray(answer)) return sortedByText(answer as object[]);
  const page = answer as Omit<Page<object>, 'executionTimeMs'>;
  return { ...page, data: page.hasMore ? page.data.length : sortedByText(page.data) };
}

/** Returns rows in an order that depends on their values alone. */
function sortedByText(rows: readonly object[]): object[] {
  const texts = rowTexts(rows);
  const positions = rows.map((_, i) => i).sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
  return positions.map((i) => rows[i]!);
}

/** Finds all pages, and writes one of the batches after each of them. */
function findPages(backend: TimeSeriesBackend, { port, args }: Operation): Promise<object[]> {
  const [params, options, batches = []] = args as [object, object, (readonly unknown[])?];
  const { insert } = backend[port as RecordName] as { insert: (batch: unknown) => Promise<unknown> };
  let next = 0;
  return allPages(readsOf(backend, port as RecordName), params, options, async () => {
    if (next >= batches.length) return;
    // Both backends refuse the same batches.
    await insert(batches[next++]).catch(() => undefined);
  });
}

/** Returns an answer without what its backend has of its own, streams as their rows, columns as rows, and maps as entries. */
function comparable(answer: unknown, port: RecordName): Answer {
  if (answer instanceof Map) return [...answer];
  if (Array.isArray(answer)) return answer.flatMap((batch: unknown) => comparable(batch, port));
  if (typeof answer !== 'object' || answer === null) return answer as Answer;
  return 'columns' in answer ? rowsFromColumns(answer as AnyColumns, records[port]) : withoutOwn(answer);
}

/** Returns an answer without what each backend has of its own: the execution time, and the text of a write token. */
function withoutOwn(answer: object): Record<string, unknown> {
  const { executionTimeMs: _, ...rest } = answer as Record<string, unknown>;
  return typeof rest['writeToken'] === 'string' ? { ...rest, writeToken: 'a token' } : rest;
}

/** Returns the actual answer with each float mean replaced by the expected one when both are close. */
function withMeansOf(expected: Answer, actual: Answer, { method, args }: Operation): Answer {
  if (method !== 'aggregate' || !hasData(expected) || !hasData(actual)) return actual;
  const params = args[0] as AggregationParams;
  const definition: RecordDefinition = records[params.record ?? 'marketData'];
  const { kind } = definition.fields[params.measure ?? definition.aggregate!.measures[0]!]!;
  if (kind !== 'float32' && kind !== 'float64') return actual;
  const data = actual.data.map((bucket, n) => {
    const model = expected.data[n];
    const near = model !== undefined && isNear(model, bucket);
    return near ? { ...bucket, avg: model.avg } : bucket;
  });
  return { ...actual, data };
}

const hasData = (answer: Answer): answer is { data: AggregatedData[] } =>
  typeof answer === 'object' && answer !== null && 'data' in answer && Array.isArray(answer.data);

/** Compares means relative to the greatest value: float sums lose digits in proportion to it. */
function isNear(model: AggregatedData, real: AggregatedData): boolean {
  if (model.avg === null || real.avg === null) return false;
  const greatest = Math.max(Math.abs(model.min ?? 0), Math.abs(model.max ?? 0));
  return Math.abs(model.avg - real.avg) <= 1e-9 * greatest;
}
