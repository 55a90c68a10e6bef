/** A TOML table, as parsed. */
export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Returns the table with another value at a path; missing tables on the path are created. */
export function withValue(table: Table, path: readonly string[], value: unknown): Table {
  const [key, ...rest] = path;
  if (key === undefined) return table;
  const inner = Object.hasOwn(table, key) ? table[key] : undefined;
  return { ...table, [key]: rest.length ? withValue(isTable(inner) ? inner : {}, rest, value) : value };
}
