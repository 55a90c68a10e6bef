/**
 * What is wrong with a trail. `head-mismatch`: head or checkpoint and lines do not belong together. `unreadable`: the file
 * system does not give the file, so its lines are missing.
 */
export type AuditProblemKind =
  'edited' | 'deleted' | 'inserted' | 'reordered' | 'truncated' | 'head-mismatch' | 'unreadable';

export interface AuditProblem {
  readonly kind: AuditProblemKind;
  /** Name of the file in the trail's directory. */
  readonly file: string;
  /** Counted from 1. Undefined where no one line is meant. */
  readonly line?: number;
  readonly detail: string;
}

const limit = 100;

/** The problems found, the first of them in full. */
export class Problems {
  readonly list: AuditProblem[] = [];
  /** How many more there are. */
  more = 0;

  add(kind: AuditProblemKind, where: { file: string; line?: number }, detail: string): void {
    if (this.list.length === limit) this.more++;
    else this.list.push({ kind, file: where.file, ...(where.line && { line: where.line }), detail });
  }
}
