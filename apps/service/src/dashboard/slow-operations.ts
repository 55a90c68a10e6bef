import type {
  CallOptions,
  QueryExplanation,
  QueryPlans,
  RecordName,
  TimeSource,
} from '@quantumtrade/dal-domain';
import { recordNames } from '@quantumtrade/dal-domain';
import type { OperationEvent } from '@quantumtrade/dal-telemetry';
import { onOperationEnd } from '@quantumtrade/dal-telemetry';
import { performance } from 'node:perf_hooks';
import { RefusedRequest } from '../http/refused-request.js';

const KEPT = 25;
/** Age from which an operation makes place for faster ones that are newer. */
const MAX_AGE_MS = 3_600_000;
/** Operations of the page itself, and those that last as long as their caller wants. */
const IGNORED = /^(schema|queryPlans|marketStream|rateLimiter|authContexts|sessions)\./;
/** Parameters whose values are shown. Of others, such as filters and cursors, only the names are. */
const SHOWN: ReadonlySet<string> = new Set([
  'symbol',
  'symbols',
  'startTime',
  'endTime',
  'interval',
  'session',
  'groupBy',
  'measure',
  'sources',
  'select',
  'order',
  'direction',
  'limit',
  'count',
  'record',
]);

type Params = Readonly<Record<string, unknown>>;

interface SlowOperation {
  readonly id: number;
  readonly operation: string;
  readonly at: number;
  readonly durationMs: number;
  readonly rows: number | null;
  readonly cacheHit: boolean | null;
  readonly queryId: string | null;
  readonly error: string | null;
  readonly params: Params | undefined;
}

/** The slowest operations of the last hour in this process, at most 25. */
export class SlowOperations {
  readonly #clock: TimeSource;
  readonly close: () => void;
  #operations: SlowOperation[] = [];
  #lastId = 0;

  constructor(clock: TimeSource) {
    this.#clock = clock;
    this.close = onOperationEnd((event) => this.#add(event));
  }

  /** Returns the operations, the slowest first, with the shape of their parameters. */
  list() {
    this.#removeOld();
    return this.#operations.map(({ params, ...operation }) => ({
      ...operation,
      params: params ? shapeOf(params) : null,
      canExplain: params !== undefined,
    }));
  }

  /** @throws RefusedRequest when the operation is no longer kept, or no plan can be made for it */
  explain(id: number, plans: QueryPlans, options: CallOptions): Promise<QueryExplanation> {
    const found = this.#operations.find((operation) => operation.id === id);
    if (!found?.params)
      throw new RefusedRequest('NOT_FOUND', 'there is no such operation with a plan any more');
    if (found.operation === 'analytics.aggregate') return plans.explainAggregation(found.params, options);
    return plans.explain(found.operation.split('.')[0] as RecordName, found.params, options);
  }

  #add(event: OperationEvent): void {
    const { operation, startedAt, rows, cacheHit, queryId, args } = event;
    if (startedAt === undefined || IGNORED.test(operation)) return;
    const durationMs = performance.now() - startedAt;
    if (this.#operations.length === KEPT && durationMs <= this.#operations.at(-1)!.durationMs) return;
    this.#removeOld();
    const code = 'error' in event ? ((event.error as { code?: string }).code ?? 'FAILED') : null;
    this.#operations.push({
      id: ++this.#lastId,
      operation,
      at: this.#clock.now(),
      durationMs,
      rows: rows ?? null,
      cacheHit: cacheHit ?? null,
      queryId: queryId ?? null,
      error: code,
      params: isExplainable(operation) ? ((args?.[0] ?? {}) as Params) : undefined,
    });
    this.#operations.sort((a, b) => b.durationMs - a.durationMs);
    this.#operations.length = Math.min(this.#operations.length, KEPT);
  }

  #removeOld(): void {
    const oldest = this.#clock.now() - MAX_AGE_MS;
    this.#operations = this.#operations.filter(({ at }) => at >= oldest);
  }
}

const FINDS: ReadonlySet<string> = new Set(recordNames.map((name) => `${name}.find`));
const isExplainable = (operation: string) => operation === 'analytics.aggregate' || FINDS.has(operation);

/** Returns the parameters without the values that are not {@link SHOWN}, and long lists by their length. */
function shapeOf(params: Params): Params {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, SHOWN.has(name) ? shortened(value) : namesOf(value)]),
  );
}

const shortened = (value: unknown): unknown =>
  Array.isArray(value) && value.length > 5 ? `${value.length} values` : value;

const namesOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? Object.keys(value).join(', ') : '…';
