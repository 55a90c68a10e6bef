import { follows, type AuditHead } from '../format/line.js';
import type { HeadRecord } from '../format/head-file.js';
import type { FoundLine } from './chain-check.js';
import type { Problems } from './problems.js';

/** Unacknowledged end of a trail: a group being written, now or when a crash occurred. */
export interface Unacknowledged {
  /** Number of complete lines. */
  readonly lines: number;
  /** Bytes of a torn line. */
  readonly tornBytes: number;
}

/**
 * Checks the lines behind the head. The head announces every group before its first byte, so other lines were not written by a
 * trail.
 */
export function checkBehindHead(
  found: readonly FoundLine[],
  { head, writing }: HeadRecord,
  problems: Problems,
): Unacknowledged {
  let last: AuditHead = head;
  let lines = 0;
  let tornBytes = 0;
  let announcedBytes = writing?.bytes ?? 0;
  for (const each of found) {
    const { content } = each;
    const chained = content !== undefined && tornBytes === 0 && follows(content, last);
    const announced = each.file === writing?.file && each.bytes <= announcedBytes;
    announcedBytes -= each.bytes;
    if (chained) last = { sequence: content.sequence, hash: content.hash };
    if (announced && chained && each.ended) lines++;
    else if (announced && content === undefined) tornBytes += each.bytes;
    else if (announced && chained) tornBytes += each.bytes;
    else if (chained)
      problems.add('head-mismatch', each, `the head is at ${head.sequence} and does not include this line`);
    else problems.add('inserted', each, 'the line is behind the head and was never announced');
  }
  if (writing && last.sequence === writing.head.sequence && last.hash !== writing.head.hash) {
    problems.add('inserted', { file: writing.file }, 'the lines behind the head are not those it announced');
  }
  return { lines, tornBytes };
}
