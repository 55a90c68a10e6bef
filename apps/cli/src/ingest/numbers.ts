import type { Delimiter } from './cells.js';

/** What stands before the fraction of a number. */
export type DecimalMark = '.' | ',';

/** How the numbers of a file are written. */
export interface NumberStyle {
  readonly mark: DecimalMark;
  /** False when no number of the file showed which mark it is: then a number that can be read in two ways is refused. */
  readonly known: boolean;
}

/** Text that is longer is no number of a bar. */
const LONGEST_NUMBER = 64;
/** An exponent that leaves nothing of a decimal of 18 digits, or too much. */
const LARGEST_EXPONENT = 40;

const numeral = (mark: DecimalMark): RegExp => {
  const groupMark = mark === '.' ? ',' : '.';
  return new RegExp(
    `^(?<whole>[1-9]\\d{0,2}(?<group>[${groupMark}'’ \\u00a0\\u202f])\\d{3}(?:\\k<group>\\d{3})*|\\d*)` +
      `(?:\\${mark}(?<fraction>\\d*))?(?:[eE](?<exponent>[+-]?\\d{1,3}))?$`,
  );
};
const NUMERALS: Readonly<Record<DecimalMark, RegExp>> = { '.': numeral('.'), ',': numeral(',') };
/** How most numbers are written. */
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const SIGNS = /^(?<sign>[+-]?)\s?\p{Sc}?\s?(?<inner>[+-]?)(?<digits>[^\p{Sc}]*?)\s?\p{Sc}?$/u;

/** Finds out from numbers of a file how they are written. Without any that can be read in one way alone, it is a point. */
export function styleOf(texts: Iterable<string>): NumberStyle {
  let points = 0;
  let commas = 0;
  for (const text of texts) {
    const withPoint = plainNumber(text, '.') !== undefined;
    const withComma = plainNumber(text, ',') !== undefined;
    if (withPoint && !withComma) points++;
    if (withComma && !withPoint) commas++;
  }
  return { mark: commas > 0 && points === 0 ? ',' : '.', known: points + commas > 0 };
}

/**
 * Whether a number means one thing with a point and another with a comma before its fraction. A point between digits is
 * taken for what it is in English, but in a file with semicolons, which is how programs write decimal commas.
 */
export const isAmbiguous = (text: string, delimiter: Delimiter): boolean =>
  (delimiter === ';' ? /[.,]/ : /,/).test(text) &&
  plainNumber(text, '.') !== undefined &&
  plainNumber(text, ',') !== undefined;

/**
 * Makes a plain decimal of a number as people write it: groups of three digits, a currency sign and an exponent are
 * resolved, no digit is lost. Returns undefined for what is no number.
 */
export function plainNumber(text: string, mark: DecimalMark): string | undefined {
  if (text.length > LONGEST_NUMBER) return undefined;
  if (mark === '.' && PLAIN.test(text)) return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  const { sign = '', inner = '', digits = '' } = SIGNS.exec(text)?.groups ?? {};
  const found = NUMERALS[mark].exec(digits)?.groups;
  if (!found || (sign && inner)) return undefined;
  const { whole = '', group, fraction = '', exponent = '0' } = found;
  const wholeDigits = group === undefined ? whole : whole.replaceAll(group, '');
  if (wholeDigits + fraction === '' || Math.abs(Number(exponent)) > LARGEST_EXPONENT) return undefined;
  return `${sign || inner === '-' ? (sign || inner).replace('+', '') : ''}${shifted(wholeDigits, fraction, Number(exponent))}`;
}

/** A decimal with its point moved, without zeros that mean nothing. */
function shifted(whole: string, fraction: string, places: number): string {
  const digits = whole + fraction;
  const point = whole.length + places;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const before = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const after = padded.slice(at).replace(/0+$/, '');
  return after ? `${before}.${after}` : before;
}
