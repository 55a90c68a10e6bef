import type { Deadline } from '@quantumtrade/dal-runtime';
import type { AdmittedQuery } from './admission.js';
import type { Answer } from './answer.js';
import type { SessionSettings } from './pinned-settings.js';
import type { SqlParams } from './sql.js';

/** One statement with all that its attempts have in common. */
export interface Call<T> extends AdmittedQuery {
  readonly deadline: Deadline;
  continues: boolean;
  /** Id of the latest attempt on the server. */
  queryId: string | undefined;
  readonly database: string;
  /** Text that errors show, with placeholders. */
  readonly query: string;
  /** Text sent behind the query. @default none */
  readonly format?: string;
  readonly params?: SqlParams | undefined;
  /** Bytes sent behind the text. @default none */
  readonly data?: Uint8Array;
  readonly settings: SessionSettings;
  /** Number of times the statement was sent. */
  attempts: number;
  /** Judges and reads the answer to the latest attempt. */
  readonly read: (answer: Answer, signal: AbortSignal, attempts: number) => Promise<T>;
}

/** Connections that attempts of calls run on. */
export interface QueryRunner {
  /** Throws `ConnectionError` once they are closed. */
  requireOpen(operation: string): void;
  /** Makes one attempt of a call. Rejects with the domain's errors, or with the reason of the call's deadline. */
  attempt<T>(call: Call<T>): Promise<T>;
}
