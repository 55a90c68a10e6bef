import type { Writable } from 'node:stream';

/** The environment and the streams of a command. */
export interface Io {
  readonly stdout: Writable;
  readonly stderr: Writable & { isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
}

/** Control and format characters, such as those of ANSI sequences and of bidirectional overrides, and broken Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Returns the escape of a character, as in JSON, e.g. `\u001b`. */
const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/** Returns text on one line, without characters that a terminal interprets or hides. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped);

/** Returns text of several lines, each of them printable. */
export const printableLines = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)));

/** A stream that writes only printable text. */
export interface TextStream {
  write(text: string): unknown;
}

/**
 * Returns the streams of a command. They make everything printable, so no data, file name or message of a server reaches the
 * terminal unescaped.
 */
export class Terminal {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: NodeJS.ProcessEnv;
  /** Standard error without escaping, for a progress bar; undefined when it is no terminal. */
  readonly progress: Writable | undefined;

  constructor({ stdout, stderr, env }: Io) {
    this.stdout = { write: (text) => stdout.write(printableLines(text)) };
    this.stderr = { write: (text) => stderr.write(printableLines(text)) };
    this.env = env;
    this.progress = stderr.isTTY ? stderr : undefined;
  }
}
