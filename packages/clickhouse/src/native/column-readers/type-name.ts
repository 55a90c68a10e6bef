/** A ClickHouse type taken apart: `Map(String, Nullable(UInt8))` is `Map` of `String` and `Nullable(UInt8)`. */
export interface TypeName {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** Splits at the commas that are neither in parentheses nor in quotes. */
export function parseTypeName(type: string): TypeName {
  const open = type.indexOf('(');
  if (open < 0 || !type.endsWith(')')) return { name: type, parameters: [] };
  const parameters: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = open + 1;
  for (let i = start; i < type.length - 1; i++) {
    const char = type[i];
    if (char === '\\' && quoted) i++;
    else if (char === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      parameters.push(type.slice(start, i).trim());
      start = i + 1;
    }
  }
  parameters.push(type.slice(start, -1).trim());
  return { name: type.slice(0, open), parameters };
}
