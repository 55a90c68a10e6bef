import type { Sealer } from './seal.js';

/** A position in the trail: the sequence of a line and its hash, which covers all lines before it. */
export interface AuditHead {
  /** 0 for the empty trail. */
  readonly sequence: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Entry of a trail. Its fields are opaque to the trail. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** One line of the trail. */
export interface AuditLine extends AuditHead {
  /** Time of the recording, ISO 8601. */
  readonly time: string;
  /** Hash of the previous line. */
  readonly previous: string;
  readonly entry: AuditFields;
}

export const EMPTY_TRAIL: AuditHead = { sequence: 0, hash: '0'.repeat(64) };

/** Returns the line after a position, with its line break. */
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

/** Parses a line. Returns undefined when its seal is wrong. */
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
