import type { Logger } from 'pino';

/** Writes each audit record as one log line with `audit: true`, at any level of the given logger. */
export class LoggingAuditSink {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger.child({}, { level: 'info' });
  }

  record(entry: object & { operation: string }): Promise<void> {
    this.#logger.info({ ...entry, audit: true }, 'audit');
    return Promise.resolve();
  }
}
