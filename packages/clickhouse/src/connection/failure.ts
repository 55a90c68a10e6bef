import type { AbortSource } from '@quantumtrade/dal-runtime';
import { BrokenMessageError, ForeignAnswerError, headerOf } from './answer-errors.js';
import { Body, type Answer } from './body.js';
import { MAX_REPORT_BYTES, parseReport } from './server-errors.js';

const QUERY_ID = 'x-clickhouse-query-id';
const EXCEPTION_CODE = 'x-clickhouse-exception-code';

/** Answer of ClickHouse's HTTP server to a request whose head was cut. */
const BROKEN_HEAD = /^(Field [\w ]+|Invalid HTTP version string)\s*$/;

/** Whether the head is that of ClickHouse's answer to this very request, and reports no error. */
export const isSuccess = ({ status, headers, queryId }: Answer): boolean =>
  status === 200 && headers[EXCEPTION_CODE] === undefined && headers[QUERY_ID] === queryId;

/** Reads the error of an answer that is no success: a `ServerError`, or what else came instead of one. */
export async function readFailure(answer: Answer, signal: AbortSource): Promise<Error> {
  const { status, headers } = answer;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of new Body(answer, signal, { maxBytes: MAX_REPORT_BYTES })) chunks.push(chunk);
  } catch {
    // The beginning counts, where not all of it can be read.
    if (signal.aborted) throw signal.reason;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const error = parseReport(text, headerOf(headers, EXCEPTION_CODE));
  if (error) return error;
  if (status === 400 && BROKEN_HEAD.test(text)) {
    return new BrokenMessageError('the request broke off on its way to the server');
  }
  return new ForeignAnswerError(
    answer,
    status === 200 ? 'its answer does not name our query' : 'no error of ClickHouse comes with it',
  );
}
