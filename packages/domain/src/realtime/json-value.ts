/** How deep arrays and objects of a JSON value may be nested. */
export const MAX_JSON_DEPTH = 100;
/** How large a JSON value may be in bytes, roughly; what is referred to twice counts twice, as in its text. */
const MAX_JSON_SIZE = 64 * 1024 * 1024;

/** Bytes that an object or an array, and each of their members, takes besides texts and names, roughly. */
const OVERHEAD = 32;
const MEMBER = 8;

/**
 * Returns the part of a value that JSON would drop or change, such as `Map`; undefined when `JSON.stringify` keeps all. A getter
 * counts as the value that it returns.
 */
export function lossInJson(value: unknown): string | undefined {
  const judge = { size: 0, loss: undefined };
  return keeps(value, MAX_JSON_DEPTH, judge) ? undefined : (judge.loss ?? 'a value of such a size');
}

interface Judge {
  size: number;
  loss: string | undefined;
}

function keeps(value: unknown, depth: number, judge: Judge): boolean {
  switch (typeof value) {
    case 'string':
      judge.size += value.length;
      return judge.size <= MAX_JSON_SIZE;
    case 'number':
      if (Number.isFinite(value) && (value !== 0 || 1 / value > 0)) return true;
      return loses(Object.is(value, -0) ? '-0' : String(value), judge);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      if (depth === 0) return loses(`nesting of more than ${MAX_JSON_DEPTH} levels`, judge);
      return Array.isArray(value) ? keepsArray(value, depth, judge) : keepsObject(value, depth, judge);
    default:
      return loses(typeof value, judge);
  }
}

function keepsArray(value: readonly unknown[], depth: number, judge: Judge): boolean {
  const { length } = value;
  judge.size += OVERHEAD + MEMBER * length;
  if (judge.size > MAX_JSON_SIZE) return false;
  if (!isPlainArray(value)) return loses(nameOf(value), judge);
  for (let i = 0; i < length; i++) {
    const item = value[i];
    if (item === undefined && !Object.hasOwn(value, i)) return loses('an array with holes', judge);
    if (!keeps(item, depth - 1, judge)) return false;
  }
  // All its names: those of its items, and its length.
  if (Object.getOwnPropertyNames(value).length > length + 1) return loses('an array with names', judge);
  return Object.getOwnPropertySymbols(value).length === 0 || loses('a member named by a symbol', judge);
}

function keepsObject(value: object, depth: number, judge: Judge): boolean {
  if (!isPlainObject(value)) return loses(nameOf(value), judge);
  judge.size += OVERHEAD;
  let count = 0;
  for (const name in value) {
    count++;
    judge.size += MEMBER + name.length;
    if (judge.size > MAX_JSON_SIZE) return false;
    if (!keeps((value as Record<string, unknown>)[name], depth - 1, judge)) return false;
  }
  if (Object.getOwnPropertyNames(value).length !== count) {
    return loses('a member that is not enumerable, or inherited', judge);
  }
  return Object.getOwnPropertySymbols(value).length === 0 || loses('a member named by a symbol', judge);
}

function loses(what: string, judge: Judge): false {
  judge.loss = what;
  return false;
}

/** Also of another realm, of which `Array.prototype` is an array as well. */
function isPlainArray(value: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Array.prototype || Array.isArray(prototype);
}

/** Also of another realm, whose `Object.prototype` is the end of the chain. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function nameOf(value: object): string {
  const { name } = (value as { constructor?: { name?: unknown } }).constructor ?? {};
  return typeof name === 'string' && name !== '' ? name.slice(0, 64) : 'an object of a class';
}
