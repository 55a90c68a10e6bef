import { finished } from 'node:stream/promises';
import type { ClickHouseClient } from '@clickhouse/client';

/** Plain SQL as a user of the official client writes it, with the values bound in it. */
export interface RawQuery {
  readonly query: string;
  readonly query_params?: Record<string, unknown>;
}

/** Start, inclusive, and end of a range of time, in epoch milliseconds. */
export interface TimeRange {
  readonly startTime: number;
  readonly endTime: number;
}

/** Returns the values of a range that are bound as `start` and `end`. */
export const datesOf = ({ startTime, endTime }: TimeRange) => ({
  start: new Date(startTime),
  end: new Date(endTime),
});

/** Returns the query of one symbol's bars in a range of time. */
export const barsOfSymbol = ({ symbol, ...range }: TimeRange & { readonly symbol: string }): RawQuery => ({
  query: `SELECT * FROM market_data WHERE symbol = {symbol:String}
    AND timestamp >= {start:DateTime64(3)} AND timestamp < {end:DateTime64(3)} ORDER BY timestamp`,
  query_params: { symbol, ...datesOf(range) },
});

/** Reads rows as objects, as the client's documentation shows it. */
export async function rawRows(client: ClickHouseClient, query: RawQuery): Promise<unknown[]> {
  const answer = await client.query({ ...query, format: 'JSONEachRow' });
  return answer.json();
}

/** Receives the answer as Native bytes, and drops them. Returns how many there were. */
export async function rawBytes(client: ClickHouseClient, { query, query_params }: RawQuery): Promise<number> {
  const { stream } = await client.exec({
    query: `${query} FORMAT Native`,
    ...(query_params && { query_params }),
  });
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await finished(stream);
  return bytes;
}

/** Reads rows in batches, by the client's stream. Returns how many there were. */
export async function rawStream(client: ClickHouseClient, query: RawQuery): Promise<number> {
  const answer = await client.query({ ...query, format: 'JSONEachRow' });
  let rows = 0;
  for await (const batch of answer.stream()) for (const row of batch) if (row.json()) rows++;
  return rows;
}
