/** A ClickHouse type taken apart: `Map(String, Nullable(UInt8))` is `Map` of `String` and `Nullable` of `UInt8`. */
export interface TypeName {
  /** As it was written, parameters included. */
  readonly text: string;
  readonly name: string;
  /** Types, numbers and quoted texts alike. */
  readonly parameters: readonly TypeName[];
}

/** Longest name of a type or column. No table of the data layer has any that comes near. */
export const MAX_NAME_BYTES = 65_536;
/** Types nested in each other at most: readers of nested types call each other. */
const MAX_DEPTH = 32;

interface OpenType {
  readonly start: number;
  /** Start of its parameters. */
  readonly inner: number;
  readonly parameters: TypeName[];
}

/** Parses a type, in one pass. Throws `TypeError` for types nested too deeply. */
export function parseTypeName(text: string): TypeName {
  const open: OpenType[] = [{ start: 0, inner: 0, parameters: [] }];
  let start = 0;
  let closed: TypeName | undefined;
  const endParameter = (end: number) => {
    const parameter = closed ?? {
      text: text.slice(start, end).trim(),
      name: text.slice(start, end).trim(),
      parameters: [],
    };
    if (parameter.text !== '') open.at(-1)!.parameters.push(parameter);
    closed = undefined;
    start = end + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "'") i = endOfQuoted(text, i);
    else if (char === '(') {
      if (open.length > MAX_DEPTH) throw new TypeError(`types are nested more than ${MAX_DEPTH} deep`);
      open.push({ start, inner: i + 1, parameters: [] });
      start = i + 1;
    } else if (char === ',' && open.length > 1) endParameter(i);
    else if (char === ')' && open.length > 1) {
      endParameter(i);
      const { start: from, inner, parameters } = open.pop()!;
      const name = text.slice(from, inner - 1).trim();
      closed = { text: text.slice(from, i + 1).trim(), name, parameters };
      start = from;
    }
  }
  endParameter(text.length);
  const [type] = open[0]!.parameters;
  return open.length === 1 && type ? type : { text, name: text, parameters: [] };
}

function endOfQuoted(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === "'") return i;
  }
  return text.length;
}

/** Returns the text of a type for a message: a name that came over the wire may be long. */
export const shortened = ({ text }: TypeName): string =>
  text.length > 100 ? `${text.slice(0, 100)}…` : text;

/** Returns the type of an element of a tuple, which may have a name before it: `price Float64`. */
export function elementType(element: TypeName): TypeName {
  const named = /^(?:`(?:[^`\\]|\\.)*`|\w+) +(.+)$/s.exec(element.text);
  return named ? parseTypeName(named[1]!) : element;
}

/** Returns the names of an enum by their numbers: `Enum8('a' = 1, 'b' = 2)`. */
export function enumNames({ parameters }: TypeName): ReadonlyMap<number, string> {
  return new Map(
    parameters.map(({ text }) => {
      const [, name = '', code] = /^'(.*)' = (-?\d+)$/s.exec(text) ?? [];
      return [Number(code), name.replace(/\\(.)/gs, (_, char: string) => ESCAPED[char] ?? char)];
    }),
  );
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' };
