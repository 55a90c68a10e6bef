import type { Sealer } from './seal.js';

/** A position in the trail: everything up to the line of this sequence, whose hash stands for all before it. */
export interface AuditHead {
  /** 0 is the empty trail. */
  readonly sequence: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** What a trail records. It looks at nothing in it. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** One line of the trail. */
export interface AuditLine extends AuditHead {
  /** When it was recorded, ISO 8601. */
  readonly time: string;
  /** The hash of the line before. */
  readonly previous: string;
  readonly entry: AuditFields;
}

export const beginning: AuditHead = { sequence: 0, hash: '0'.repeat(64) };

/** The line, with its end, that comes after a position. */
export function writeLine(
  sealer: Sealer,
  after: AuditHead,
  time: string,
  entry: object,
): { text: string; head: AuditHead } {
  const sequence = after.sequence + 1;
  const { text, hash } = sealer.seal({ sequence, time, previous: after.hash, entry });
  return { text: `${text}\n`, head: { sequence, hash } };
}

const isSequence = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;

/** Undefined when the line is not as it was written. */
export function readLine(sealer: Sealer, bytes: Buffer): AuditLine | undefined {
  const opened = sealer.open(bytes);
  if (opened === undefined) return undefined;
  const { sequence, time, previous, entry } = opened.fields as Partial<Omit<AuditLine, 'hash'>>;
  if (!isSequence(sequence) || typeof time !== 'string' || typeof previous !== 'string') return undefined;
  if (typeof entry !== 'object' || entry === null) return undefined;
  return { sequence, time, previous, entry, hash: opened.hash };
}

export const follows = (line: AuditLine, head: AuditHead): boolean =>
  line.sequence === head.sequence + 1 && line.previous === head.hash;
