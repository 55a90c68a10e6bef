import { DEFAULT_MAX_FUTURE_SKEW_MS } from '@quantumtrade/dal-domain';

/** The settings of batch writers, transactions and replays. The `memory` backend uses `maxFutureSkewMs` only. */
export const WRITER_SETTINGS = {
  /**
   * Directory of rows that are not in the store: the journal in `journal`, dead letters in `dead-letters`, transactions in
   * `transactions`. Each store needs a directory of its own.
   */
  directory: { kind: 'path', default: '.qtdal/writer' },
  /** Whether a write resolves after the store's answer (`acknowledged`) or once it is durable in the journal (`journaled`). */
  durability: { kind: 'choice', values: ['acknowledged', 'journaled'], default: 'acknowledged' },
  /** A batch dated further ahead of the clock is refused, whichever way it is written. */
  maxFutureSkewMs: { kind: 'duration', default: DEFAULT_MAX_FUTURE_SKEW_MS, inFile: 'seconds' },
} as const;
