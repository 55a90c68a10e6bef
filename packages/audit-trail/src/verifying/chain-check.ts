import { trailFileName } from '../files/file-name.js';
import { HEAD_NAME } from '../format/head-file.js';
import { EMPTY_TRAIL, type AuditHead, type AuditLine } from '../format/line.js';
import { MissingSequences } from './missing.js';
import type { Problems } from './problems.js';

/** A line of a trail. `content` is undefined when its seal is wrong. */
export interface FoundLine {
  readonly file: string;
  readonly line: number;
  /** Size with the line break. */
  readonly bytes: number;
  readonly ended: boolean;
  readonly content: AuditLine | undefined;
}

/** Follows the chain line by line and reports breaks. Collects the lines behind the head. */
export class ChainCheck {
  readonly #problems: Problems;
  readonly #head: AuditHead | undefined;
  readonly #missing = new MissingSequences();
  /** Lines with a wrong seal since the last intact one. */
  #unsealed: FoundLine[] = [];
  #last: AuditHead = EMPTY_TRAIL;
  #lastPlace: { file: string; line: number } | undefined;
  /** Lines behind the line of the head. */
  readonly behindHead: FoundLine[] = [];
  /** Number of intact lines. */
  records = 0;

  /** Checkpoint whose line has not been found yet. */
  #checkpoint: AuditHead | undefined;

  constructor(problems: Problems, head: AuditHead | undefined, checkpoint: AuditHead | undefined) {
    this.#problems = problems;
    this.#head = head;
    this.#checkpoint = checkpoint?.sequence === 0 ? undefined : checkpoint;
  }

  add(found: FoundLine): void {
    const { content } = found;
    if (content && content.sequence === this.#checkpoint?.sequence) {
      if (content.hash !== this.#checkpoint.hash)
        this.#problems.add('head-mismatch', found, 'the checkpoint names another line');
      this.#checkpoint = undefined;
    }
    if (this.#isBehindHead(content)) this.behindHead.push(found);
    else if (content === undefined) this.#unsealed.push(found);
    else this.#follow(found, content);
  }

  /** Reports missing lines after the last line. */
  finish(): void {
    const expected = this.#head?.sequence ?? this.#last.sequence + this.#unsealed.length;
    const torn = this.#unsealed.at(-1)?.ended === false ? this.#unsealed.pop() : undefined;
    if (torn) this.#problems.add('truncated', torn, 'the line is cut off');
    const absent = this.#reportUnsealed(expected - this.#last.sequence - (torn ? 1 : 0));
    if (absent > 0) {
      const place = this.#lastPlace ?? { file: HEAD_NAME };
      this.#problems.add(
        'truncated',
        place,
        `the last ${absent} lines, up to ${expected}, are missing after this one`,
      );
    }
    for (const { from, to, file, line } of this.#missing.ranges) {
      const which = from === to ? `line ${from} is` : `lines ${from} to ${to} are`;
      const what = line === 1 ? ', the end of the file before or a whole file' : '';
      this.#problems.add('deleted', { file, line }, `${which} missing before this one${what}`);
    }
    const { sequence, hash } = this.#head ?? this.#last;
    if (sequence === this.#last.sequence && hash !== this.#last.hash) {
      this.#problems.add(
        'head-mismatch',
        this.#lastPlace ?? { file: HEAD_NAME },
        'the head names another line',
      );
    }
    if (this.#checkpoint) {
      this.#problems.add(
        'truncated',
        { file: HEAD_NAME },
        `line ${this.#checkpoint.sequence} of the checkpoint is missing`,
      );
    }
  }

  #isBehindHead(content: AuditLine | undefined): boolean {
    if (this.#head === undefined || this.#last.sequence < this.#head.sequence) return false;
    return content === undefined || content.sequence > this.#head.sequence;
  }

  #follow(found: FoundLine, line: AuditLine): void {
    this.records++;
    const place = { file: found.file, line: found.line };
    const gap = line.sequence - this.#last.sequence - 1;
    if (gap < 0) {
      this.#reportUnsealed(0);
      if (this.#missing.remove(line.sequence))
        this.#problems.add('reordered', place, `line ${line.sequence} belongs before`);
      else this.#problems.add('inserted', place, `line ${line.sequence} exists already`);
      return;
    }
    const absent = this.#reportUnsealed(gap);
    this.#missing.add({ ...place, from: line.sequence - absent, to: line.sequence - 1 });
    if (gap === 0 && line.previous !== this.#last.hash) {
      this.#problems.add(
        'edited',
        this.#lastPlace ?? place,
        `line ${line.sequence} continues another line than this one`,
      );
    }
    if (gap === 0 && found.line === 1 && found.file !== trailFileName(line.sequence, line.time)) {
      this.#problems.add('edited', place, `the file of line ${line.sequence} was renamed`);
    }
    if (!found.ended) this.#problems.add('truncated', place, 'the end of the line is cut off');
    this.#last = { sequence: line.sequence, hash: line.hash };
    this.#lastPlace = place;
  }

  /** Reports lines with a wrong seal: as edited when lines are missing, else as inserted. Returns how many are missing. */
  #reportUnsealed(gap: number): number {
    for (const [i, found] of this.#unsealed.entries()) {
      if (i < gap) this.#problems.add('edited', found, 'the line was changed');
      else this.#problems.add('inserted', found, 'the line was never written');
    }
    const absent = Math.max(0, gap - this.#unsealed.length);
    this.#unsealed = [];
    return absent;
  }
}
