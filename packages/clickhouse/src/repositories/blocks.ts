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

/** Rows in blocks of at most `size`, each within one month, which is one partition of the table; oldest month first. */
export function blocksOf(rows: Iterable<PreparedRow>, size: number): PreparedRow[][] {
  const months = new Map<number, PreparedRow[]>();
  for (const row of rows) {
    const date = new Date(row.row['timestamp'] as number);
    const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
    const sameMonth = months.get(month);
    if (sameMonth) sameMonth.push(row);
    else months.set(month, [row]);
  }
  return [...months].sort(([a], [b]) => a - b).flatMap(([, sameMonth]) => slices(sameMonth, size));
}

/** Neighbouring blocks in groups of at most `size` rows. */
export function groupsOf(blocks: readonly PreparedRow[][], size: number): PreparedRow[][][] {
  const groups: PreparedRow[][][] = [];
  let room = 0;
  for (const block of blocks) {
    if (groups.length === 0 || block.length > room) {
      groups.push([]);
      room = size;
    }
    groups.at(-1)!.push(block);
    room -= block.length;
  }
  return groups;
}

function slices<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
