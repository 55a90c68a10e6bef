import type { z } from 'zod';

type Placeholders<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** One key pattern: what its keys look like, what its values are, and how long they live. */
export interface Keyspace<P extends string, T> {
  readonly pattern: P;
  readonly ttlSeconds: number;
  readonly codec: z.ZodType<T>;
}

export type KeyParts<P extends string> = Readonly<Record<Placeholders<P>, string>>;

/**
 * The key for these parts, e.g. `features:{symbol}:{featureName}` → `features:AAPL:rsi_14`.
 * Inside a part, `:`, `%` and lone surrogates are percent-encoded, and so is the first letter of a part that equals a
 * fixed word of the pattern's siblings (`latest`, `current`, `selected`, `performance`, `stream`), so that two different
 * parts never share a key.
 */
export function keyOf<P extends string>(pattern: P, parts: KeyParts<P>): string {
  return piecesOf(pattern).reduce(
    (key, piece, i) => key + (i % 2 === 0 ? piece : encodePart((parts as Record<string, string>)[piece]!)),
    '',
  );
}

/** What a pattern is made of: fixed text and names in turn. Patterns are few, and keys are made for every call. */
function piecesOf(pattern: string): readonly string[] {
  const known = pieces.get(pattern);
  if (known) return known;
  const split = pattern.split(/\{(\w+)\}/);
  pieces.set(pattern, split);
  return split;
}

const pieces = new Map<string, readonly string[]>();

const FIXED_WORD = /^(latest|current|selected|performance|stream)$/;

function encodePart(part: string): string {
  return FIXED_WORD.test(part)
    ? percentEncode(part[0]!) + part.slice(1)
    : part.replace(/[%:\p{Surrogate}]/gu, percentEncode);
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
