import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { PINNED_SETTINGS } from '@quantumtrade/dal-clickhouse';
import type { EncodedBlock } from '@quantumtrade/dal-domain';
import type { Records, WriteSide } from './side.js';

/** Stored, not queued, when the answer comes. */
const STORED = { async_insert: 0, wait_end_of_query: 1 } satisfies ClickHouseSettings;

/** Settings of every insert of the data layer, without its token. */
export const OUR_INSERT_SETTINGS: ClickHouseSettings = { ...PINNED_SETTINGS, ...STORED };

/** Row objects through the driver, as its documentation shows it. */
export function jsonEachRow(
  client: ClickHouseClient,
  database: string,
  clickhouse_settings: ClickHouseSettings = STORED,
): WriteSide {
  return {
    database,
    prepare: (records) => {
      const values = asJson(records);
      return () =>
        client.insert({
          table: `${database}.market_data`,
          values,
          format: 'JSONEachRow',
          clickhouse_settings,
        });
    },
  };
}

/**
 * The bytes that the data layer would send, made beforehand, through the driver: what the engine can store at most. By
 * default with the server's settings for inserts.
 */
export function preEncoded(
  client: ClickHouseClient,
  database: string,
  encode: (records: Records) => EncodedBlock,
  settings: ClickHouseSettings = STORED,
): WriteSide {
  return {
    database,
    prepare: (records) => {
      const { bytes, id } = encode(records);
      return async () => {
        const { stream } = await client.exec({
          query: `INSERT INTO ${database}.market_data FORMAT Native`,
          values: Readable.from([bytes], { objectMode: false }),
          clickhouse_settings: { ...settings, insert_deduplication_token: id },
        });
        await finished(stream.resume());
      };
    },
  };
}

/** Rows as one would have them for the driver: with the columns' names. */
const asJson = (records: Records): object[] =>
  records.map((record) => ({
    symbol: record.symbol,
    timestamp: new Date(record.timestamp).toISOString().replace('T', ' ').replace('Z', ''),
    open: record.open,
    high: record.high,
    low: record.low,
    close: record.close,
    volume: record.volume,
    adjusted_close: record.adjustedClose,
    source: 'bench',
    quality_score: record.qualityScore,
    written_at: '2024-01-01 00:00:00.000',
  }));
