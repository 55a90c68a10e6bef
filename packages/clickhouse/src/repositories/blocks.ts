import type { PreparedRow, RecordDefinition, Row } from '@quantumtrade/dal-domain';

/** One text for each key of a record, e.g. `["AAPL","1577836800000","vendor"]`. */
export function keyOf(definition: RecordDefinition, row: Row): string {
  return JSON.stringify(definition.key.map((name) => String(row[name])));
}

/** The row that stays for each key: the one written last, of equals the later one. */
export function survivors(
  definition: RecordDefinition,
  rows: readonly PreparedRow[],
): Map<string, PreparedRow> {
  const newest = new Map<string, PreparedRow>();
  for (const row of rows) {
    const key = keyOf(definition, row.row);
    const rival = newest.get(key);
    if (!rival || row.writtenAt >= rival.writtenAt) newest.set(key, row);
  }
  return newest;
}

/** Rows by month, oldest first, in runs of at most `size`. A run may hold several months, each in one piece. */
export function runs(rows: Iterable<PreparedRow>, size: number): PreparedRow[][] {
  const ordered = [...rows].sort((a, b) => monthOf(a) - monthOf(b));
  const slices: PreparedRow[][] = [];
  for (let start = 0; start < ordered.length; start += size) slices.push(ordered.slice(start, start + size));
  return slices;
}

/** The rows of each month, which is each partition of the table. */
export function months(rows: readonly PreparedRow[]): PreparedRow[][] {
  const byMonth = new Map<number, PreparedRow[]>();
  for (const row of rows) {
    const month = monthOf(row);
    const block = byMonth.get(month);
    if (block) block.push(row);
    else byMonth.set(month, [row]);
  }
  return [...byMonth.values()];
}

function monthOf({ row }: PreparedRow): number {
  const date = new Date(row['timestamp'] as number);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
