import { debugChannel } from '@quantumtrade/dal-telemetry';
import type { Failure } from './classify-failure.js';

const debug = debugChannel('clickhouse.connection');

/** An attempt, or an endpoint, that a step is about. */
interface Subject {
  readonly operation?: string;
  readonly queryId?: string;
  readonly endpoint?: string | undefined;
}

/** Publishes a failed attempt, before it is known whether another one follows. */
export function debugFailure(attempt: Subject, { code, kind, retryable, elsewhere }: Failure): void {
  if (!debug.hasSubscribers) return;
  debug.publish({ message: 'attempt failed', ...attempt, code, kind, retryable, elsewhere });
}

/** Publishes that an endpoint was ejected or is used again, or that a query was left. */
export function debugStep(message: string, subject: Subject): void {
  if (debug.hasSubscribers) debug.publish({ message, ...subject });
}
