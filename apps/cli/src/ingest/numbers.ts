import type { Delimiter } from './cells.js';

/** The decimal mark of a number. */
export type DecimalMark = '.' | ',';

/** The notation of a file's numbers. */
export interface NumberStyle {
  readonly mark: DecimalMark;
  /** False when no number of the file shows the mark: then ambiguous numbers are refused. */
  readonly known: boolean;
}

/** Length limit of a number. */
const LONGEST_NUMBER = 64;
/** Limit of an exponent, for decimals of 18 digits. */
const LARGEST_EXPONENT = 40;

const numeral = (mark: DecimalMark): RegExp => {
  const groupMark = mark === '.' ? ',' : '.';
  return new RegExp(
    `^(?<whole>[1-9]\\d{0,2}(?<group>[${groupMark}'’ \\u00a0\\u202f])\\d{3}(?:\\k<group>\\d{3})*|\\d*)` +
      `(?:\\${mark}(?<fraction>\\d*))?(?:[eE](?<exponent>[+-]?\\d{1,3}))?$`,
  );
};
const NUMERALS: Readonly<Record<DecimalMark, RegExp>> = { '.': numeral('.'), ',': numeral(',') };
/** The notation of a file without evidence. */
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const SIGNS = /^(?<sign>[+-]?)\s?\p{Sc}?\s?(?<inner>[+-]?)(?<digits>[^\p{Sc}]*?)\s?\p{Sc}?$/u;

/** Returns the notation of a file's numbers. Without an unambiguous number, the mark is a point. */
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
 * Returns whether a number has different values with a decimal point and with a decimal comma. A point between digits is a decimal
 * point, except in files with semicolons, which programs write with decimal commas.
 */
export const isAmbiguous = (text: string, delimiter: Delimiter): boolean =>
  (delimiter === ';' ? /[.,]/ : /,/).test(text) &&
  plainNumber(text, '.') !== undefined &&
  plainNumber(text, ',') !== undefined;

/**
 * Converts a number with digit groups, a currency sign or an exponent to a plain decimal with all digits. Returns undefined for any
 * other text.
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

/** Returns a decimal with its point moved, without redundant zeros. */
function shifted(whole: string, fraction: string, places: number): string {
  const digits = whole + fraction;
  const point = whole.length + places;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const before = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const after = padded.slice(at).replace(/0+$/, '');
  return after ? `${before}.${after}` : before;
}
