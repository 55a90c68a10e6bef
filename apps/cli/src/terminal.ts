import type { Writable } from 'node:stream';

/** Where a command reads its environment and writes its output. */
export interface Io {
  readonly stdout: Writable;
  readonly stderr: Writable & { isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
}

/** Control and format characters, such as those of ANSI sequences and of bidirectional overrides, and broken Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `\u001b` and the like, which is what JSON has for them, too. */
const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/** Text of data, on one line and without anything that a terminal would obey or hide. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped);

/** Text of several lines, each of them printable. */
export const printableLines = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)));

/** Text only, all of it printable. */
export interface TextStream {
  write(text: string): unknown;
}

/**
 * The streams of a command. Whatever is written to `stdout` and `stderr` becomes printable here, so that no data, no
 * name of a file and no message of a server reaches the terminal as it is.
 */
export class Terminal {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: NodeJS.ProcessEnv;
  /** Standard error as it is, for a progress bar; undefined where it is no terminal. */
  readonly progress: Writable | undefined;

  constructor({ stdout, stderr, env }: Io) {
    this.stdout = { write: (text) => stdout.write(printableLines(text)) };
    this.stderr = { write: (text) => stderr.write(printableLines(text)) };
    this.env = env;
    this.progress = stderr.isTTY ? stderr : undefined;
  }
}
