import { performance } from 'node:perf_hooks';
import { pino } from 'pino';
import { errorFields } from './error-fields.js';
import { onOperationEnd } from './operation-channel.js';

const secretKeys = ['password', 'secret', 'token', 'apiKey', 'authorization', 'cookie'];

export interface LoggerOptions {
  /** Least level that is written. Default is `info`. */
  readonly level?: pino.LevelWithSilent;
  /** Name of the program, on each line. */
  readonly name?: string;
  /** Where lines go. Default is standard error. */
  readonly destination?: pino.DestinationStream;
}

/**
 * A logger that writes one JSON object a line, with ISO time and the level's name. Of an error it writes only what
 * may be told, and keys that usually hold secrets show `[secret]`, at the top and one level below.
 */
export function createLogger(options: LoggerOptions = {}): pino.Logger {
  const { level = 'info', name, destination = pino.destination(2) } = options;
  return pino(
    {
      level,
      ...(name && { name }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
    },
    destination,
  );
}

export interface OperationLoggingOptions {
  /** Level of the line of an operation that succeeded. Default is `info`. */
  readonly successLevel?: 'debug' | 'info';
}

/**
 * Writes one line for each operation that ends: at level `error` for a failure, with what may be told of the error.
 * What an operation was given or returned is never written.
 * @returns stops it.
 */
export function subscribeLogging(logger: pino.Logger, options: OperationLoggingOptions = {}): () => void {
  const { successLevel = 'info' } = options;
  return onOperationEnd((event) => {
    const { operation, backend, queryId, rows, cacheHit, startedAt } = event;
    const durationMs = startedAt === undefined ? undefined : performance.now() - startedAt;
    const fields = { operation, backend, queryId, rows, cacheHit, durationMs };
    if (!('error' in event)) {
      logger[successLevel](fields, 'operation succeeded');
      return;
    }
    const error = errorFields(event.error);
    logger.error({ ...fields, queryId: queryId ?? error.queryId, error }, 'operation failed');
  });
}
