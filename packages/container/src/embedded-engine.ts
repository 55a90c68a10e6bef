import { ConnectionError } from '@quantumtrade/dal-domain';

/**
 * A ClickHouse server in a child process: the part of `EmbeddedClickHouse` that the data layer uses. Declarations of this package
 * cannot name that type, because its package is an optional peer.
 */
export interface EmbeddedEngine {
  /** Address for HTTP, without credentials, on loopback. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly dataDirectory: string;
  readonly pid: number;
  /** Restarts of the engine since it was started. */
  readonly restarts: number;
  stop(): Promise<void>;
}

const PACKAGE = '@quantumtrade/dal-clickhouse-embedded';

/** Starts the engine. Throws `ConnectionError` when its package is not installed or it does not start. */
export async function startEmbeddedEngine(dataDirectory: string | undefined): Promise<EmbeddedEngine> {
  try {
    const { startEmbeddedClickHouse } = await import('@quantumtrade/dal-clickhouse-embedded');
    return await startEmbeddedClickHouse({ dataDirectory });
  } catch (error) {
    const reason = isMissing(error)
      ? `the embedded ClickHouse is not installed; install it by "npm install ${PACKAGE}", or configure another backend`
      : `the embedded ClickHouse did not start: ${(error as Error).message}`;
    throw new ConnectionError(reason, { operation: 'embedded.start', retryable: false, cause: error });
  }
}

const isMissing = (error: unknown): boolean => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${PACKAGE}'`);
};
