import { randomUUID } from 'node:crypto';
import type { AuditEntry, AuditSink, TimeSource } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';

/** Who writes audit entries, where to, and by which clock. */
export interface Auditing {
  readonly sink: AuditSink;
  readonly actor: string;
  readonly clock: TimeSource;
}

/** What is known of one modification besides who made it and when. */
export type Modification = Omit<AuditEntry, 'at' | 'actor' | 'batchId'> &
  Partial<Pick<AuditEntry, 'batchId'>>;

/** Records what happened, which a sink that fails changes nothing about. */
export async function audit({ sink, actor, clock }: Auditing, modification: Modification): Promise<void> {
  const entry = { at: clock.now(), actor, batchId: randomUUID(), ...modification };
  // A sink may break its promise not to throw.
  await Promise.resolve()
    .then(() => sink.record(entry))
    .catch(() => undefined);
}

export const outcomeOf = (error: unknown): string => (isDatabaseError(error) ? error.code : 'FAILED');
