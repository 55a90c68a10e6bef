import { performance } from 'node:perf_hooks';
import { onSecretRefresh } from '@quantumtrade/dal-secrets';
import { pino } from 'pino';
import { errorFields } from './error-fields.js';
import { onOperationEnd, type OperationEvent } from './operation-channel.js';

const SECRET_KEYS = new Set(['password', 'secret', 'token', 'apiKey', 'authorization', 'cookie']);
const CENSORED = '[secret]';

/** A logger of pino. */
export type Logger = pino.Logger;

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
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', name, destination = pino.destination(2) } = options;
  const logger = pino(
    {
      level,
      ...(name && { name }),
      timestamp: timeMember,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => withoutSecrets(fields),
      },
      serializers: { err: errorFields },
    },
    destination,
  );
  // The formatter of bindings is not called for those of children.
  const { child } = logger;
  Object.assign(logger, {
    child(this: Logger, bindings: Fields, options?: pino.ChildLoggerOptions) {
      return Reflect.apply(child, this, [withoutSecrets(bindings), options]);
    },
  });
  return logger;
}

let formattedSecond = NaN;
let untilSecond = '';

/** Returns the member `time` in ISO 8601. Lines of one second share what is formatted of it. */
function timeMember(): string {
  const now = Date.now();
  const second = Math.floor(now / 1_000);
  if (second !== formattedSecond) {
    formattedSecond = second;
    untilSecond = `,"time":"${new Date(now).toISOString().slice(0, -4)}`;
  }
  return `${untilSecond}${String(now % 1_000).padStart(3, '0')}Z"`;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Returns fields with `[secret]` in place of secrets, at the top and one level below. The redaction of pino costs more than the rest of a
 * line, because it looks for each key on each level by itself.
 */
function withoutSecrets(fields: Fields, isNested = false): Record<string, unknown> {
  let safe: Record<string, unknown> | undefined;
  for (const key in fields) {
    const value = fields[key];
    let shown = value;
    if (SECRET_KEYS.has(key)) shown = CENSORED;
    // A serializer takes only the safe fields of an error.
    else if (!isNested && typeof value === 'object' && value !== null && key !== 'err') {
      shown = withoutSecrets(value as Fields, true);
    }
    if (shown !== value) (safe ??= { ...fields })[key] = shown;
  }
  return safe ?? (fields as Record<string, unknown>);
}

export interface OperationLoggingOptions {
  /** Level of the line of a successful operation. @default info */
  readonly successLevel?: 'debug' | 'info';
  /** Share of the successful operations that leave a line; failed ones always do. @default 1 */
  readonly sampling?: number;
  /** Draws from 0 to less than 1. @default Math.random */
  readonly random?: () => number;
}

/**
 * Writes one line for each operation that ends, at level `error` for a failure, and one for each secret that changes or cannot be
 * refreshed. It never writes the arguments or the result of an operation.
 * @returns a function that stops it
 */
export function subscribeLogging(logger: Logger, options: OperationLoggingOptions = {}): () => void {
  const { successLevel = 'info', sampling = 1, random = Math.random } = options;
  const stopOperations = onOperationEnd((event) => {
    if ('error' in event) {
      const error = errorFields(event.error);
      const queryId = event.queryId ?? error.queryId;
      logger.error({ ...fieldsOf(event), queryId, error }, 'operation failed');
    } else if (sampling >= 1 || random() < sampling) {
      logger[successLevel](fieldsOf(event), 'operation succeeded');
    }
  });
  const stopSecrets = onSecretRefresh(({ reference, reason }) => {
    if (reason === undefined) logger.info({ reference }, 'secret changed');
    else logger.warn({ reference, reason }, 'secret not refreshed, its last value is in use');
  });
  return () => {
    stopOperations();
    stopSecrets();
  };
}

/** Returns the fields of a line about an operation. Undefined ones are not written. */
function fieldsOf(event: OperationEvent): object {
  const { operation, backend, endpoint, queryId, attempts, retriedAfter, rows, bytes, cacheHit } = event;
  const { startedAt, trace } = event;
  return {
    operation,
    backend,
    endpoint,
    queryId,
    attempts,
    retriedAfter,
    rows,
    bytes,
    cacheHit,
    durationMs: startedAt === undefined ? undefined : performance.now() - startedAt,
    traceId: trace?.traceId,
    spanId: trace?.spanId,
  };
}
