import { inspect } from 'node:util';

/**
 * A text that is never shown: as a string, as JSON and in inspections it is `[secret]`. Only `reveal()` returns the text, so every
 * use of it can be found.
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
