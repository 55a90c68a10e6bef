import { inspect } from 'node:util';
import type {
  AnyColumns,
  MissingShardsOption,
  Page,
  ReadOptions,
  RecordName,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { formatDecimal } from '@quantumtrade/dal-domain';
import type { LooseRow } from './record-cases.js';

/** The reads of a repository, for tests that read any record. */
export interface LooseReads {
  find(params?: object, options?: ReadOptions<boolean> & MissingShardsOption): Promise<Page<LooseRow>>;
  stream(params?: object, options?: ReadOptions<boolean>): AsyncIterable<LooseRow[]>;
  streamColumns(params?: object, options?: ReadOptions<boolean>): AsyncIterable<AnyColumns>;
  columns(params?: object, options?: ReadOptions<boolean> & MissingShardsOption): Promise<AnyColumns>;
}

/** Returns the reads of a record, without their types. */
export const readsOf = (backend: TimeSeriesBackend, record: RecordName): LooseReads =>
  backend[record] as unknown as LooseReads;

/** Returns all pages of a query, each found by the cursor of the one before. */
export async function allPages(
  { find }: Pick<LooseReads, 'find'>,
  params: object,
  options?: ReadOptions<boolean> & MissingShardsOption,
  between: (page: Page<LooseRow>) => Promise<void> = async () => undefined,
): Promise<Page<LooseRow>[]> {
  const pages: Page<LooseRow>[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<LooseRow> = await find(cursor === null ? params : { ...params, cursor }, options);
    pages.push(page);
    await between(page);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

/** Returns the rows of columns, with values as rows have them. */
export function rowsFromColumns({ rowCount, columns }: AnyColumns, definition: RecordFields): LooseRow[] {
  const rows: Record<string, unknown>[] = Array.from({ length: rowCount }, () => ({}));
  for (const [name, column] of Object.entries(columns)) {
    const { kind } = definition.fields[name]!;
    for (let i = 0; i < rowCount; i++) rows[i]![name] = valueAt(column, i, kind);
  }
  return rows;
}

/** Returns a text of each row, by which rows that come in any order are compared. Equal rows have equal texts. */
export const rowTexts = (rows: readonly object[]): string[] =>
  rows.map((row) => inspect(row, { sorted: true, depth: null, maxArrayLength: null, maxStringLength: null }));

interface RecordFields {
  readonly fields: Readonly<Record<string, { readonly kind: string }>>;
}

function valueAt(column: unknown, i: number, kind: string): unknown {
  if (typeof column === 'object' && column !== null && 'dictionary' in column) {
    const { dictionary, positions } = column as { dictionary: string[]; positions: ArrayLike<number> };
    return dictionary[positions[i]!];
  }
  const value = (column as ArrayLike<unknown>)[i];
  if (kind === 'instant') return new Date(Number(value));
  return kind === 'decimal' && typeof value === 'bigint' ? formatDecimal(value) : value;
}
