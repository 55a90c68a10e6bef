import type { CallOptions } from './call.js';

/** Checks and closes the connections to a backend. */
export interface BackendProbe {
  /** Resolves when the backend answers; otherwise throws `ConnectionError`, `CacheError` or `TimeoutError`. */
  ping(options?: CallOptions): Promise<void>;
  /** Returns the number of open connections; 0 for a backend without connections. */
  connectionCount(): number;
  /** Closes all connections. Later calls fail. */
  close(): Promise<void>;
}
