/** Approximate bytes of an object, an array or one of their members besides its content. */
const OVERHEAD = 16;

/**
 * Freezes a value of plain objects, arrays and dates at every depth, so that readers can share it. Returns its approximate size in
 * bytes. The setters of a frozen date throw `TypeError`.
 */
export function freeze(value: unknown): number {
  if (typeof value === 'string') return OVERHEAD + value.length;
  if (typeof value !== 'object' || value === null) return OVERHEAD;
  if (value instanceof Date) {
    if (Object.getPrototypeOf(value) === Date.prototype) Object.setPrototypeOf(value, frozenDate);
    return 2 * OVERHEAD;
  }
  if (ArrayBuffer.isView(value)) return OVERHEAD + value.byteLength;
  let size = OVERHEAD;
  if (Array.isArray(value)) for (const member of value) size += OVERHEAD + freeze(member);
  else for (const name in value) size += OVERHEAD + freeze((value as Record<string, unknown>)[name]);
  Object.freeze(value);
  return size;
}

const frozenDate: object = Object.create(
  Date.prototype,
  Object.fromEntries(
    Object.getOwnPropertyNames(Date.prototype)
      .filter((name) => name.startsWith('set'))
      .map((name) => [name, { value: refuse }]),
  ),
);

function refuse(): never {
  throw new TypeError('A date from the cache is shared and cannot be changed; copy it first');
}
