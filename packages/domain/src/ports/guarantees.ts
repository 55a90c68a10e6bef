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

/** Without these, rows that a journal gives again are lost or counted twice. */
export const LOSSLESS: readonly Guarantee[] = ['stored', 'distinct', 'idempotent'];

/** Guarantees of one table with the current settings of the engine, the user and the table. */
export interface TableGuarantees {
  readonly table: string;
  /** False before the schema is initialized; then nothing is kept. */
  readonly exists: boolean;
  readonly keeps: readonly Guarantee[];
  /** All the others. */
  readonly missing: readonly MissingGuarantee[];
  /** Number of the last blocks whose ids the table remembers, and for how many seconds; null means no such limit. */
  readonly remembers: { readonly blocks: number; readonly seconds: number | null };
}

export interface MissingGuarantee {
  readonly guarantee: Guarantee;
  /** Names what is in the way, e.g. `fsync_after_insert is off`. */
  readonly reason: string;
}

/** Finds out what the tables of records keep. */
export interface GuaranteeInspector {
  /** One entry for each record's table, also where it does not exist. Cheap: it reads no data. */
  inspect(options?: CallOptions): Promise<TableGuarantees[]>;
}

/** A table keeps every guarantee that has no reason against it; without the table, all have. */
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

/** Which tables do not keep what is required, and why, in words; empty when all of them do. */
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
