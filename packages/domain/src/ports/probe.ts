import type { CallOptions } from './call.js';

/** Whether a backend answers, and how many connections to it are open. */
export interface BackendProbe {
  /** Resolves when the backend answers; throws `ConnectionError`, `CacheError` or `TimeoutError` when not. */
  ping(options?: CallOptions): Promise<void>;
  /** Connections open now; 0 for a backend without any. */
  connectionCount(): number;
  /** Ends all connections. Calls after it fail. */
  close(): Promise<void>;
}
