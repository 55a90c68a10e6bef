import type { AggregationPlan, Analytics, CallOptions } from '@quantumtrade/dal-domain';
import {
  bucketStart,
  marketData,
  mixedSources,
  planAggregation,
  READ_OPTIONS,
  toOutputAggregate,
} from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { Sql } from '../connection/sql.js';
import type { AggregateRow } from '../query/aggregate-query.js';
import { aggregatesOf, bucketQuery } from '../query/aggregate-query.js';
import type { AggregateStatement } from '../query/plan-aggregate.js';
import { planAggregate, planAggregateAgain } from '../query/plan-aggregate.js';
import type { Shortage } from '../query/plan-retry.js';
import { settingsAgain } from '../query/plan-retry.js';
import { SLICE_CONDITION } from '../query/time-slice.js';
import { mergeAggregates } from '../read/merged-aggregates.js';
import { collectSlices, countAgain, runRetried } from '../read/retried-reads.js';
import type { SlicedRange } from '../read/time-slices.js';
import { slicesOf } from '../read/time-slices.js';
import { sqlNear } from '../cluster/sql-near.js';
import { filterOf } from '../query/filter.js';
import { countOf, readUpTo } from './item-page.js';
import { readLateBars } from './late-bars.js';
import { requireBudget } from './scan-estimate.js';
import type { ReadDefaults } from './table-reader.js';

export function analytics(
  sql: Sql,
  defaults: Pick<ReadDefaults, 'scanBudgetRows' | 'requestTimeoutMs'>,
): Analytics {
  const { scanBudgetRows, requestTimeoutMs } = defaults;
  return {
    aggregate: async (params, options) => {
      const operation = 'analytics.aggregate';
      sql.checkOpen(operation, options, READ_OPTIONS);
      const plan = planAggregation(params, operation);
      const near = sqlNear(sql, plan.selection);
      await requireBudget(near, operation, plan.selection, plan.maxScanRows ?? scanBudgetRows, options);
      const reader = new AggregateReader(near, operation, plan, options, requestTimeoutMs);
      const exact = options?.exact ?? false;
      return readUpTo(
        plan.limit,
        async () => {
          const rows = await reader.rows();
          const data = rows.map(({ sums }) => toOutputAggregate(plan, sums, exact as never));
          const mixed = rows.some(({ mixesSources }) => mixesSources);
          if (mixed && (await reader.hasTwins())) throw mixedSources(operation);
          return data;
        },
        () => reader.count(),
      );
    },
    lateBars: (params, options) => readLateBars(sql, defaults, params, options),
  };
}

/** Reads the aggregates of one call, by slices of time where a query runs out of time or memory. */
class AggregateReader {
  readonly #sql: Sql;
  readonly #operation: string;
  readonly #plan: AggregationPlan;
  readonly #options: CallOptions | undefined;
  readonly #timeoutMs: number;
  readonly #slices: SlicedRange;

  constructor(
    sql: Sql,
    operation: string,
    plan: AggregationPlan,
    options: CallOptions | undefined,
    timeoutMs: number,
  ) {
    this.#sql = sql;
    this.#operation = operation;
    this.#plan = plan;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    const { width, selection } = plan;
    this.#slices = { ...slicesOf(selection), align: width && ((instant) => bucketStart(width, instant)) };
  }

  /** Returns the aggregates up to the limit. */
  async rows(): Promise<AggregateRow[]> {
    const plan = this.#plan;
    const read = async (
      sql: Sql,
      { sql: text, params, settings }: AggregateStatement,
      options?: CallOptions,
    ) => (await sql.collect(this.#operation, text, params, options, this.#rowsOf, settings)).flat();
    return this.#retried(
      () => read(this.#sql, planAggregate(plan), this.#options),
      (shortage, options) => {
        const statement = planAggregateAgain(plan, shortage);
        switch (statement?.division) {
          case 'slices':
            return this.#readSlices(plan.limit, shortage, options);
          case 'merged':
            return this.#readMerged(shortage, options).then((rows) => rows.slice(0, plan.limit));
          default:
            return statement && read(this.#sql.continuing, statement, options);
        }
      },
    );
  }

  /** Returns the number of aggregates without the limit. */
  async count(): Promise<number> {
    const plan = this.#plan;
    const { where, params } = filterOf(plan.selection);
    const countIn = (clause: string) => `SELECT count() AS count FROM (${bucketQuery(plan, clause)})`;
    return this.#retried(
      () => countOf(this.#sql, this.#operation, countIn(where), params, this.#options),
      (shortage, options) => {
        if (!plan.width) return this.#readMerged(shortage, options).then(({ length }) => length);
        const sliced = countIn(filterOf(plan.selection, [SLICE_CONDITION]).where);
        return countAgain(this.#sql, this.#operation, this.#slices, sliced, params, shortage, options);
      },
    );
  }

  /** Returns whether any two bars are of one symbol and instant. */
  async hasTwins(): Promise<boolean> {
    const twinsIn = (clause: string) => `SELECT 1 AS twin FROM ${marketData.table} FINAL ${clause}
      GROUP BY symbol, timestamp HAVING count() > 1 LIMIT 1`;
    const { where, params } = filterOf(this.#plan.selection);
    const twins = await this.#retried<unknown[]>(
      () => this.#sql.rows(this.#operation, twinsIn(where), params, this.#options),
      (shortage, options) => {
        const query = twinsIn(filterOf(this.#plan.selection, [SLICE_CONDITION]).where);
        const queryOf = () => ({ sql: query, params, settings: settingsAgain(shortage) });
        return collectSlices(
          this.#sql,
          this.#operation,
          { ...this.#slices, limit: 1, queryOf },
          options,
          () => 1,
        );
      },
    );
    return twins.length > 0;
  }

  readonly #rowsOf = (block: DecodedBlock): AggregateRow[] => aggregatesOf(this.#plan, block);

  #retried<T>(
    run: () => Promise<T>,
    again: (shortage: Shortage, options: CallOptions) => Promise<T> | undefined,
  ): Promise<T> {
    return runRetried(
      { operation: this.#operation, options: this.#options, timeoutMs: this.#timeoutMs },
      run,
      again,
    );
  }

  /** Reads aggregates of slices: with an interval, each of them is in one slice. */
  async #readSlices(
    limit: number | undefined,
    shortage: Shortage,
    options: CallOptions,
  ): Promise<AggregateRow[]> {
    const queryOf = (left: number | undefined) => planAggregateAgain(this.#plan, shortage, left)!;
    const slices = { ...this.#slices, limit, queryOf };
    return (await collectSlices(this.#sql, this.#operation, slices, options, this.#rowsOf)).flat();
  }

  /** Reads all aggregates of a call without an interval. */
  async #readMerged(shortage: Shortage, options: CallOptions): Promise<AggregateRow[]> {
    return mergeAggregates(this.#plan, await this.#readSlices(undefined, shortage, options));
  }
}
