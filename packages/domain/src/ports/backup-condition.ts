import type { CallOptions } from './call.js';

/** Whether the backups of a data layer can be relied on. */
export interface BackupCondition {
  /** Reasons why they cannot: none is there, verified and young, or the last restore drill failed or is too old. */
  readonly problems: readonly string[];
  /** Age of the newest verified backup (milliseconds); null where there is none. */
  readonly ageMs: number | null;
  /** The last drill of a restore; null where there was none. */
  readonly lastDrill: {
    readonly startedAt: string;
    readonly outcome: 'passed' | 'failed';
    readonly durationMs: number;
  } | null;
  /** The last copy of the archive to a second store, and the instant that restores from there reach (ISO 8601); null where there was none. */
  readonly lastCopy: { readonly reachesTo: string } | null;
}

/** Looks at the backups. Rejects where their store cannot be read. */
export type ReadBackupCondition = (options?: CallOptions) => Promise<BackupCondition>;
