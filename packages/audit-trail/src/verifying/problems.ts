/**
 * Kind of a problem. `head-mismatch`: head or checkpoint and lines disagree. `unreadable`: the file cannot be read, so its lines
 * are missing.
 */
export type AuditProblemKind =
  'edited' | 'deleted' | 'inserted' | 'reordered' | 'truncated' | 'head-mismatch' | 'unreadable';

export interface AuditProblem {
  readonly kind: AuditProblemKind;
  /** Name of the file in the trail's directory. */
  readonly file: string;
  /** Line number from 1; undefined when the problem has no single line. */
  readonly line?: number;
  readonly detail: string;
}

const MAX_LISTED = 100;

/** Problems found, of which the first ones are listed. */
export class Problems {
  readonly list: AuditProblem[] = [];
  /** Number of problems that are not listed. */
  more = 0;

  add(kind: AuditProblemKind, where: { file: string; line?: number }, detail: string): void {
    if (this.list.length === MAX_LISTED) this.more++;
    else this.list.push({ kind, file: where.file, ...(where.line && { line: where.line }), detail });
  }
}
