import type { Cancel } from './clock.js';
import type { AbortSource } from './deadline.js';

const SHOWN = '[secret]';

/**
 * A text that is never shown: as a string, as JSON and in inspections it is `[secret]`. Only `reveal()` returns the text, so every
 * use of it can be found. This class holds a text that stays the same; the text of a subclass may change, so it is revealed at
 * each use and not kept.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The reference that the text comes from, e.g. `${file:/run/secrets/redis}`. @default none */
  get reference(): string | undefined {
    return undefined;
  }

  /** Returns the current text. */
  reveal(): string {
    return this.#text;
  }

  /** Keeps the text current until the returned function is called, and calls back after each change. */
  watch(_onChange?: () => void): Cancel {
    return () => undefined;
  }

  /**
   * Looks for another text after a server has refused one. Resolves with whether to log in again: the text has changed, or it or the
   * server may be about to. Rejects with the signal's reason only.
   */
  renew(_refused: string, _signal?: AbortSource): Promise<boolean> {
    return Promise.resolve(false);
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  /** Answers `util.inspect` and `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return SHOWN;
  }
}
