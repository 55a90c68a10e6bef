import type { CallOptions } from './call.js';

/**
 * Guarantees that a table can give:
 * - `stored`: a write is acknowledged when its rows are stored, not when they are queued.
 * - `synced`: a write is acknowledged when its rows would survive the end of the store's machine.
 * - `replicated`: a write is acknowledged when a second machine has its rows.
 * - `distinct`: rows of different keys stay apart.
 * - `idempotent`: a block that is written again counts once, at least while the table remembers its id.
 * - `keyed`: of rows with one key the one written last counts; so a block counts once however late it is written again.
 */
export const GUARANTEES = ['stored', 'synced', 'replicated', 'distinct', 'idempotent', 'keyed'] as const;

export type Guarantee = (typeof GUARANTEES)[number];

/** Guarantees without which rows replayed from a journal are lost or counted twice. */
export const LOSSLESS: readonly Guarantee[] = ['stored', 'distinct', 'idempotent'];

/** Guarantees of one table with the current settings of the engine, the user and the table. */
export interface TableGuarantees {
  readonly table: string;
  /** Whether the table exists; false before the schema is initialized. */
  readonly exists: boolean;
  readonly keeps: readonly Guarantee[];
  /** All other guarantees, each with its reason. */
  readonly missing: readonly MissingGuarantee[];
  /** Window of remembered block ids: a number of blocks, and seconds; null means no time limit. */
  readonly remembers: { readonly blocks: number; readonly seconds: number | null };
}

export interface MissingGuarantee {
  readonly guarantee: Guarantee;
  /** Setting that prevents the guarantee, e.g. `fsync_after_insert is off`. */
  readonly reason: string;
}

/** Inspects the guarantees of the records' tables. */
export interface GuaranteeInspector {
  /** Returns one entry for each record's table, existing or not. Cheap: it reads no data. */
  inspect(options?: CallOptions): Promise<TableGuarantees[]>;
}

/** Returns the guarantees of a table: those without a reason against them. A missing table keeps none. */
export function tableGuarantees(
  table: string,
  found:
    | {
        readonly remembers: TableGuarantees['remembers'];
        readonly reasons: { readonly [G in Guarantee]?: string | undefined };
      }
    | undefined,
): TableGuarantees {
  const reasonAgainst = (guarantee: Guarantee) =>
    found ? found.reasons[guarantee] : 'the table does not exist';
  return {
    table,
    exists: found !== undefined,
    keeps: GUARANTEES.filter((guarantee) => reasonAgainst(guarantee) === undefined),
    missing: GUARANTEES.flatMap((guarantee) => {
      const reason = reasonAgainst(guarantee);
      return reason === undefined ? [] : [{ guarantee, reason }];
    }),
    remembers: found?.remembers ?? { blocks: 0, seconds: null },
  };
}

/** Returns one message for each table that lacks required guarantees; empty when none does. */
export function unmetGuarantees(
  tables: readonly TableGuarantees[],
  required: readonly Guarantee[] = LOSSLESS,
): string[] {
  if (required.length === 0) return [];
  const absent = tables.filter(({ exists }) => !exists).map(({ table }) => table);
  return [
    ...(absent.length > 0 ? [`the schema is not initialized: there is no ${absent.join(', no ')}`] : []),
    ...tables
      .filter(({ exists }) => exists)
      .flatMap(({ table, missing }) =>
        missing
          .filter(({ guarantee }) => required.includes(guarantee))
          .map(({ guarantee, reason }) => `${table} is not ${guarantee}: ${reason}`),
      ),
  ];
}
