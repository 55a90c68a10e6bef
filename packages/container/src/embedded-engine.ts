import { ConnectionError } from '@quantumtrade/dal-domain';

/**
 * A ClickHouse server started in place: the part of `EmbeddedClickHouse` that the data layer uses. That type's package is an
 * optional peer, so no declaration of this package may need it.
 */
export interface EmbeddedEngine {
  /** Address for HTTP, without credentials, on loopback. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly dataDirectory: string;
  readonly pid: number;
  /** How often the engine has ended and been started again. */
  readonly restarts: number;
  stop(): Promise<void>;
}

const PACKAGE = '@quantumtrade/dal-clickhouse-embedded';

/** Starts the engine; throws a `ConnectionError` where its package is not installed or it does not come up. */
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
