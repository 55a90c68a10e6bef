import type { z } from 'zod';
import { ValidationError } from '../errors.js';
import { isMapOfOwn } from '../arguments.js';
import type { KeyParts } from './keys.js';
import { encodePart, isEncoded, piecesOf } from './keys.js';

/** Key pattern with the codec and the time to live of its values. */
export interface Keyspace<P extends string, T> {
  readonly pattern: P;
  readonly ttlSeconds: number;
  readonly codec: z.ZodType<T>;
  /** Whether the codec encodes to plain JSON alone, which needs no further check. @default false */
  readonly encodesJson?: boolean;
  /** Returns the JSON text that the codec gives; undefined for a value that only the codec can check. */
  textOfUsual?(this: void, value: T): string | undefined;
}

/** Selection of the keys of a pattern that have given parts. */
export interface KeySelection {
  /** Redis glob that matches every selected key, and possibly a few others. */
  readonly glob: string;
  /** Returns whether a key is selected. */
  has(key: string): boolean;
}

/**
 * Returns the selection of a pattern's keys that have these parts: `features:{symbol}:{featureName}` with
 * `{ symbol: 'AAPL' }` → the values of all features of AAPL, and neither `features:AAPL:latest` nor any other key that
 * `keyOf` does not give for the pattern. Throws `ValidationError` for a part that the pattern does not have, and for one
 * that is no string: undefined does not mean "any".
 */
export function keysWhere<P extends string>(
  pattern: P,
  parts: Partial<KeyParts<P>>,
  operation: string,
): KeySelection {
  const refuse = (field: string, reason: string) => new ValidationError(field, reason, { operation });
  if (typeof pattern !== 'string') throw refuse('pattern', 'must be a string');
  const given = new Map<string, unknown>(entriesOf(parts, refuse));
  const pieces = piecesOf(pattern);
  const isName = (index: number) => index % 2 === 1;
  for (const [name, part] of given) {
    if (!pieces.some((piece, i) => isName(i) && piece === name))
      throw refuse(name, 'is no part of the pattern');
    if (typeof part !== 'string') throw refuse(name, 'must be a string');
  }
  const texts = pieces.map((piece, i) => {
    if (!isName(i)) return piece;
    return given.has(piece) ? encodePart(given.get(piece) as string) : undefined;
  });
  const free: string[] = [];
  const shape = pieces.map((piece, i) => {
    const text = texts[i];
    if (text !== undefined) return escaped(text);
    const before = free.indexOf(piece);
    if (before >= 0) return `\\${before + 1}(?:)`;
    free.push(piece);
    return '([^:]*)';
  });
  const wholeKey = new RegExp(`^${shape.join('')}$`);
  return {
    glob: texts.map((text) => text?.replace(/[*?[\]\\]/g, '\\$&') ?? '*').join(''),
    has: (key) => wholeKey.exec(key)?.slice(1).every(isEncoded) ?? false,
  };
}

/**
 * Returns the text with which all keys of a pattern with these parts begin, and whether any text may follow. Returns undefined
 * when the arguments are no pattern and parts.
 */
export function literalStartOf(
  pattern: unknown,
  parts: unknown,
): { readonly text: string; readonly isOpen: boolean } | undefined {
  if (typeof pattern !== 'string' || typeof parts !== 'object' || parts === null) return undefined;
  let text = '';
  for (const [i, piece] of piecesOf(pattern).entries()) {
    const part: unknown = i % 2 === 0 ? piece : (parts as Record<string, unknown>)[piece];
    if (typeof part !== 'string') return { text, isOpen: true };
    text += i % 2 === 0 ? part : encodePart(part);
  }
  return { text, isOpen: false };
}

function entriesOf(parts: unknown, refuse: (field: string, reason: string) => Error): [string, unknown][] {
  if (!isMapOfOwn(parts)) throw refuse('parts', 'must be a plain object');
  try {
    return Object.entries(parts);
  } catch {
    throw refuse('parts', 'cannot be read');
  }
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
