import { randomUUID } from 'node:crypto';
import type { Decoder } from '@quantumtrade/dal-domain';

/** Held instead of a value that is known not to exist. */
export const ABSENT = Symbol('absent');
/** Held by a key whose value is not what its schema says. */
export const UNREADABLE = Symbol('unreadable');

/**
 * Held by a key while its value is loaded. Whatever happens to the key meanwhile, whoever does it, removes the mark or puts
 * something in its place; so a load stores its value only while its own mark is still there.
 */
export class Loading {
  readonly token: string;

  constructor(token: string) {
    this.token = token;
  }
}

/** The mark of a load that is to begin now. */
export class NewLoading extends Loading {}

/** Names the loads of one process. */
export class Tokens {
  readonly #prefix = `${randomUUID()}:`;
  #count = 0;

  next(): string {
    return this.#prefix + ++this.#count;
  }

  isOwn(token: string): boolean {
    return token.startsWith(this.#prefix);
  }
}

/** What the second level may hold for a key. */
export type Marked<T> = T | Loading | typeof ABSENT | typeof UNREADABLE;

const NAME = 'quantumtrade:cache';

/** The marks as JSON. To readers that know nothing of them the key holds nonsense, which counts as nothing. */
export const absentMark = { [NAME]: 'absent' };
export const loadingMark = (token: string) => ({ [NAME]: 'loading', token });

/** Tells values from marks. It does not throw, so that one unreadable value does not spoil an answer of many. */
export function withMarks<T>(decoder: Decoder<T>): Decoder<Marked<T>> {
  return {
    parse(stored) {
      const mark = markOf(stored);
      if (mark !== undefined) return mark;
      try {
        return decoder.parse(stored);
      } catch {
        return UNREADABLE;
      }
    },
  };
}

function markOf(stored: unknown): Loading | typeof ABSENT | undefined {
  if (typeof stored !== 'object' || stored === null || !(NAME in stored)) return undefined;
  if (stored[NAME] === 'absent') return ABSENT;
  return 'token' in stored && typeof stored.token === 'string' ? new Loading(stored.token) : undefined;
}
