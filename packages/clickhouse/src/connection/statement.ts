import type { IdempotencyClass } from '@quantumtrade/dal-runtime';
import type { AcceptsEndpoint, PickPurpose } from './endpoints/endpoint-picker.js';
import type { SessionSettings } from './pinned-settings.js';
import type { SqlParams } from './sql.js';

/** A statement with all that its attempts have in common. */
export interface Statement {
  readonly operation: string;
  /** Endpoints that it may be sent to. */
  readonly purpose: PickPurpose;
  /** @default every endpoint for the purpose is accepted */
  readonly accepts?: AcceptsEndpoint | undefined;
  /** Shard whose copies it may be sent to. @default every shard */
  readonly shard?: string | undefined;
  readonly idempotency: IdempotencyClass;
  /** Whether its caller sends it again. Then it is repeated here only at another endpoint. @default false */
  readonly retriedByCaller?: boolean;
  /** Whether its call has run a statement before. */
  readonly continues: boolean;
  readonly database: string;
  /** Text that errors show, with placeholders. */
  readonly query: string;
  /** Text sent behind the query. @default none */
  readonly format?: string | undefined;
  readonly params?: SqlParams | undefined;
  /** Bytes sent behind the text. @default none */
  readonly data?: Uint8Array;
  readonly settings: SessionSettings;
  /** HTTP headers of its encodings. @default none: nothing is compressed */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Limit on the rows of the answer. @default none */
  readonly maxRows?: number;
  /** Time limit beside that of the caller; undefined for none (milliseconds). */
  readonly timeoutMs: number | undefined;
}
