/** A problem of a configuration, named as the user wrote it. */
export interface ConfigProblem {
  /**
   * The key as the user wrote it: `clickhouse.retry.max_attempts` for a file, `QTDAL_REDIS__DATABASE` for an
   * override, `redis.commandTimeoutMs` in code. Undefined when the document as a whole is at fault.
   */
  readonly key?: string;
  /** The accepted types and limits, never the value found. */
  readonly reason: string;
  /** The file's name, `environment`, or `defineConfig`. */
  readonly source: string;
}

const MAX_KEY_LENGTH = 200;

/** Error of an invalid configuration. It holds no value of the configuration, so it cannot show a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly key: string | undefined;
  readonly reason: string;
  readonly source: string;

  constructor({ key, reason, source }: ConfigProblem) {
    const shown = key && key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key;
    super([source, shown, reason].filter(Boolean).join(': '));
    this.key = shown;
    this.reason = reason;
    this.source = source;
  }
}
