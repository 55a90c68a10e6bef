import { isPlainMap } from '../../arguments.js';
import type { KindRules, SameTypes } from './kind.js';
import { asIs, Invalid, toList } from './kind.js';
import type { TextDictionary } from './text-dictionary.js';
import { toTextDictionary } from './text-dictionary.js';

const MAX_SYMBOL_LENGTH = 64;
/** Matches nearly all symbols: printable ASCII without blanks. Others may be right as well. */
export const USUAL_SYMBOL = /^[\x21-\x7e]{1,64}$/;
const MAX_NAME_LENGTH = 256;
const MAX_TEXT_LENGTH = 65_536;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PRINTABLE = /^[\x20-\x7e]*$/;
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

type TextKind<Column> = KindRules<unknown, string, SameTypes<string, Column>>;

const textRules = { toOutput: asIs<string>, toJson: asIs<string>, fromJson: asIs<string> };

/** Kind of texts that are mostly distinct. */
const textKind = (toCanonical: TextKind<string[]>['toCanonical']): TextKind<string[]> => ({
  ...textRules,
  toCanonical,
  toColumn: toList,
});

/** Kind of names that are repeated in most rows. */
const repeatedKind = (toCanonical: TextKind<TextDictionary>['toCanonical']): TextKind<TextDictionary> => ({
  ...textRules,
  toCanonical,
  toColumn: toTextDictionary,
});

export const symbolKind = repeatedKind((value) => {
  const reason = refusalOfName(value, MAX_SYMBOL_LENGTH);
  if (reason !== undefined) return new Invalid(reason);
  return (value as string).trim() === value ? value : new Invalid('must not begin or end with blanks');
});

function toName(value: unknown): string | Invalid {
  const reason = refusalOfName(value, MAX_NAME_LENGTH);
  return reason === undefined ? (value as string) : new Invalid(reason);
}

export const labelKind = repeatedKind(toName);

export const idKind = textKind(toName);

export const freeTextKind = textKind(toText);

export const metadataKind = textKind((value) => {
  const text = toText(value);
  if (text instanceof Invalid || parseMetadata(text)) return text;
  return new Invalid('must be a JSON object of strings');
});

export const uuidKind = textKind((value) =>
  typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : new Invalid('must be a UUID'),
);

export interface TextsTypes extends Omit<SameTypes<string[]>, 'input'> {
  input: readonly string[];
}

export const textsKind: KindRules<unknown, readonly string[], TextsTypes> = {
  toCanonical(value) {
    if (!Array.isArray(value)) return new Invalid('must be a list of strings');
    for (const item of value) {
      const text = toText(item);
      if (text instanceof Invalid) return new Invalid(`every item ${text.reason}`);
    }
    return [...(value as string[])];
  },
  toOutput: (value) => [...value],
  toColumn: (values) => values.map((value) => [...value]),
  toJson: asIs,
  fromJson: asIs,
};

function toText(value: unknown): string | Invalid {
  if (typeof value !== 'string') return new Invalid('must be a string');
  if (value.length > MAX_TEXT_LENGTH) return new Invalid(`must have at most ${MAX_TEXT_LENGTH} characters`);
  return value.isWellFormed() ? value : new Invalid('must be well-formed Unicode');
}

/** Returns why a value is no name: no text, empty, too long, or with invisible characters. Returns undefined for a name. */
export function refusalOfName(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value === '') return 'must not be empty';
  if (value.length > maxLength) return `must have at most ${maxLength} characters`;
  // Nearly all names are ASCII, and this test is several times as fast as the next ones.
  if (PRINTABLE.test(value)) return undefined;
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  return INVISIBLE.test(value) ? 'must not contain control or invisible characters' : undefined;
}

/** Parses a text of metadata; returns undefined when it is no JSON object of strings. */
export function parseMetadata(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isRight = isPlainMap(value) && Object.values(value).every((item) => typeof item === 'string');
    return isRight ? (value as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}
