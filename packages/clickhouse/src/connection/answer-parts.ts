import type { IncomingMessage } from 'node:http';
import type { LightAbortSignal } from '@quantumtrade/dal-runtime';
import type { DecodeOptions } from '../codec/read/block-decoder.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { BodyTooLargeError, BrokenMessageError } from './answer-errors.js';
import type { Answer } from './body.js';
import { readBody } from './body.js';
import { EXCEPTION_CODE } from './failure.js';
import { MAX_REPORT_BYTES, parseReport } from './server-errors.js';

const SUMMARY = 'x-clickhouse-summary';

/**
 * Reads the body of a success without rows, mostly an empty text. Throws the server's error that the text reports, and
 * `BrokenMessageError` for a text that is too long to be one of ClickHouse.
 */
export async function readReport(answer: Answer, signal: LightAbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    await readBody(answer, signal, MAX_REPORT_BYTES, {
      take(chunk) {
        chunks.push(chunk);
      },
    });
  } catch (error) {
    throw error instanceof BodyTooLargeError ? new BrokenMessageError(error.message) : error;
  }
  if (chunks.length === 0) return '';
  const text = Buffer.concat(chunks).toString('utf8');
  const error = parseReport(text);
  if (error) throw error;
  return text;
}

const QUERY_ID = 'x-clickhouse-query-id';

/** Whether the head is that of ClickHouse's answer to this very request, and reports no error. */
export const isSuccess = ({ status, headers, queryId }: Answer): boolean =>
  status === 200 && headers[EXCEPTION_CODE] === undefined && headers[QUERY_ID] === queryId;

export const bytesReceived = ({ body }: Answer): number => (body as IncomingMessage).socket.bytesRead;

/** Returns the counts in the head, such as `result_rows`, which are those of the moment at which the head was sent. */
export function summaryCounts({ headers }: Answer): Readonly<Record<string, unknown>> {
  const summary = headers[SUMMARY];
  if (typeof summary !== 'string') return {};
  try {
    return (JSON.parse(summary) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

const EXCEPTION_TAG = 'x-clickhouse-exception-tag';

/** Returns the tag that marks an error behind rows, where the server marks it. */
export const decodeOptionsOf = ({ headers }: Answer): DecodeOptions => ({
  exceptionTag: headers[EXCEPTION_TAG] as string | undefined,
});

/** Returns the rows of a block as objects by column name. */
export function objectsOf<T>(block: DecodedBlock): T[] {
  const columns = block.names.map((name) => [name, block.column(name)] as const);
  return Array.from(
    { length: block.rowCount },
    (_, row) => Object.fromEntries(columns.map(([name, column]) => [name, column.at(row)])) as T,
  );
}
