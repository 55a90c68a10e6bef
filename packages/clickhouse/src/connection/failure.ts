import type { LightAbortSignal } from '@quantumtrade/dal-runtime';
import { BrokenMessageError, ForeignAnswerError, headerOf } from './answer-errors.js';
import { readBody, type Answer } from './body.js';
import { MAX_REPORT_BYTES, parseReport } from './server-errors.js';

/** Header of an answer that reports an error. */
export const EXCEPTION_CODE = 'x-clickhouse-exception-code';

/** Answer of ClickHouse's HTTP server to a request whose head was cut. */
const BROKEN_HEAD = /^(Field [\w ]+|Invalid HTTP version string)\s*$/;

/** Reads the error of an answer that is no success: a `ServerError`, or what else came instead of one. */
export async function readFailure(answer: Answer, signal: LightAbortSignal): Promise<Error> {
  const { status, headers } = answer;
  const chunks: Uint8Array[] = [];
  try {
    await readBody(answer, signal, MAX_REPORT_BYTES, {
      take(chunk) {
        chunks.push(chunk);
      },
    });
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
