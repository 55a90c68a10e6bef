import { performance } from 'node:perf_hooks';
import { pino } from 'pino';
import { errorFields } from './error-fields.js';
import { onOperationEnd } from './operation-channel.js';

const SECRET_KEYS = ['password', 'secret', 'token', 'apiKey', 'authorization', 'cookie'];

export interface LoggerOptions {
  /** The lowest level that is written. @default info */
  readonly level?: pino.LevelWithSilent;
  /** Name of the program on each line. @default none */
  readonly name?: string;
  /** Receives the lines. @default standard error */
  readonly destination?: pino.DestinationStream;
}

/**
 * Creates a logger that writes one JSON object a line, with ISO time and the level's name. Of an error it writes only the safe
 * fields. Keys that usually hold secrets show `[secret]`, at the top and one level below.
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
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
    },
    destination,
  );
}

export interface OperationLoggingOptions {
  /** Level of the line of a successful operation. @default info */
  readonly successLevel?: 'debug' | 'info';
}

/**
 * Writes one line for each operation that ends, at level `error` for a failure. It never writes the arguments or the result of an
 * operation.
 * @returns a function that stops it
 */
export function subscribeLogging(logger: pino.Logger, options: OperationLoggingOptions = {}): () => void {
  const { successLevel = 'info' } = options;
  return onOperationEnd((event) => {
    const { operation, backend, queryId, retriedAfter, rows, cacheHit, startedAt } = event;
    const durationMs = startedAt === undefined ? undefined : performance.now() - startedAt;
    const fields = { operation, backend, queryId, retriedAfter, rows, cacheHit, durationMs };
    if (!('error' in event)) {
      logger[successLevel](fields, 'operation succeeded');
      return;
    }
    const error = errorFields(event.error);
    logger.error({ ...fields, queryId: queryId ?? error.queryId, error }, 'operation failed');
  });
}
