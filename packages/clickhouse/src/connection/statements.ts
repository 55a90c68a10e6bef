import type { ClickHouseClient as Driver } from '@clickhouse/client';
import { ClickHouseError } from '@clickhouse/client';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { Answer } from './answer.js';
import {
  BodyTooLargeError,
  BrokenMessageError,
  MAX_REPORT_BYTES,
  readBody,
  reportedError,
  requireSuccess,
} from './answer.js';
import type { Request, Statement } from './driver.js';
import { send } from './driver.js';
import { readJsonRows, TooManyRowsError } from './json-rows.js';
import { SERVER_CODES } from './server-codes.js';
import type { SqlBlock, StoredBlock } from './sql.js';

const { TOO_MANY_ROWS_OR_BYTES } = SERVER_CODES.WITHOUT_VALUES;

export interface ReadLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Of reads of the adapter's own, which never come near them. */
export const LOOKUP_LIMITS: ReadLimits = { maxRows: 10_000_000, maxBytes: 2 ** 30 };

export async function readRows<T>(
  driver: Driver,
  { query, params }: Statement,
  request: Request,
  { maxRows, maxBytes }: ReadLimits,
  convert: (json: never) => T,
): Promise<T[]> {
  const settings = { ...request.settings, max_result_rows: String(maxRows) };
  const answer = await send(
    driver,
    { query: `${query} FORMAT JSONEachRow`, params },
    { ...request, settings },
  );
  const limits = { signal: request.signal, maxRows, maxBytes };
  return readJsonRows(answer, limits, convert as (json: unknown) => T).catch((error: unknown) => {
    if (error instanceof ClickHouseError && isResultTooLarge(error)) throw new TooManyRowsError(maxRows);
    throw error;
  });
}

const isResultTooLarge = ({ code, message }: ClickHouseError): boolean =>
  Number(code) === TOO_MANY_ROWS_OR_BYTES && message.startsWith('Limit for result exceeded');

/** Runs a statement whose rows, if it has any, are not wanted. */
export async function runCommand(driver: Driver, statement: Statement, request: Request): Promise<void> {
  await finish(await send(driver, statement, answeredAtTheEnd(request)), request);
}

/**
 * Writes a block and returns whether the server's counts confirm that all its rows are stored. They do not on servers that send
 * none, for blocks that such a server knows by their token, and where other tables are fed from this one. Throws a retryable
 * `ConnectionError` when they say that some are not.
 */
export async function insertBlock(
  driver: Driver,
  { table, token, bytes, rowCount }: SqlBlock,
  operation: string,
  request: Request,
): Promise<Pick<StoredBlock, 'confirmed'>> {
  const settings = { ...request.settings, insert_deduplication_token: token };
  const answer = await send(
    driver,
    { query: insertQuery(table), data: bytes },
    answeredAtTheEnd({ ...request, settings }),
  );
  const body = await finish(answer, request);
  const { queryId } = request;
  if (body !== '') {
    throw new ConnectionError('the answer to an insert is not empty', { operation, queryId });
  }
  const { read, written } = countsOf(answer) ?? {};
  if (written === rowCount) return { confirmed: true };
  const unknown = written === undefined || (written === 0 && read === rowCount) || written > rowCount;
  if (unknown) return { confirmed: false };
  throw new ConnectionError(`the server stored ${written} of ${rowCount} rows`, { operation, queryId });
}

/** Without a list of columns, the engine goes by the names in the block. */
export const insertQuery = (table: string): string => `INSERT INTO ${table} FORMAT Native`;

/** The head of the answer then comes when all is done, and says whether it went well. */
const answeredAtTheEnd = (request: Request): Request => ({
  ...request,
  settings: { ...request.settings, wait_end_of_query: 1 },
});

/** Reads the answer to its end. Throws the server's error, wherever it comes. */
async function finish(answer: Answer, { signal }: Request): Promise<string> {
  await requireSuccess(answer, signal);
  const chunks: Buffer[] = [];
  const onChunk = (chunk: Buffer) => chunks.push(chunk);
  await readBody(answer, { signal, maxBytes: MAX_REPORT_BYTES, onChunk }).catch((error: unknown) => {
    throw error instanceof BodyTooLargeError ? new BrokenMessageError(error.message) : error;
  });
  const body = Buffer.concat(chunks).toString('utf8');
  const error = reportedError(body);
  if (error) throw error;
  return body;
}

/** What `X-ClickHouse-Summary` says; undefined where there is none. */
function countsOf({ headers }: Answer): { read: number; written: number } | undefined {
  try {
    const summary = JSON.parse(String(headers['x-clickhouse-summary'])) as Record<string, string>;
    const counts = { read: Number(summary['read_rows']), written: Number(summary['written_rows']) };
    return Number.isInteger(counts.read) && Number.isInteger(counts.written) ? counts : undefined;
  } catch {
    return undefined;
  }
}
