import type { TableRetention } from '@quantumtrade/dal-domain/operations';
import { count } from './output.js';

/** Returns the rows and bytes that the configured retention deletes from a table. */
export function expiredTotal({ expired }: TableRetention): { rows: number; bytes: number } {
  return expired.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }), {
    rows: 0,
    bytes: 0,
  });
}

/** Returns a line for each table with a retention, and for each one that has another retention than is configured. */
export function describeRetention(retention: readonly TableRetention[]): string[] {
  return retention.flatMap((each) => {
    const { table, configured, applied, statement } = each;
    const { rows } = expiredTotal(each);
    if (statement === null)
      return configured === null ? [] : [`${table}: the next clean-up deletes ${count(rows)} rows`];
    const state =
      configured === null
        ? `has a retention that is not configured: ${applied}`
        : `retention is configured and not applied${applied === null ? '' : `, another one is: ${applied}`}`;
    return [`${table}: ${state}; run \`qtdal storage plan\``];
  });
}
