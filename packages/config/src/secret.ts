import { inspect } from 'node:util';

/**
 * A text that must not be shown: turning it into a string, JSON or an inspection gives `[secret]`.
 * Only `reveal()` returns the text, so each use of it can be found.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
