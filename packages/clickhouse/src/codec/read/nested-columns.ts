import type { Int64Numbers, NativeColumn } from './column.js';

export type Positions = Uint8Array | Uint16Array | Uint32Array;

/** A dictionary and each row's position in it, which must be one of it. Each value is made once. */
export class NativeDictionary<T = unknown> implements NativeColumn<T> {
  readonly length: number;
  readonly dictionary: readonly T[];

  constructor(
    readonly type: string,
    readonly positions: Positions,
    keys: NativeColumn<T>,
  ) {
    let greatest = -1;
    for (let row = 0; row < positions.length; row++) {
      if (positions[row]! > greatest) greatest = positions[row]!;
    }
    if (greatest >= keys.length) throw new RangeError('a position is beyond the end of its dictionary');
    this.length = positions.length;
    this.dictionary = valuesOf(keys);
  }

  at(row: number): T {
    return this.dictionary[this.positions[row]!]!;
  }
}

/** Names of small integers. */
export class EnumColumn implements NativeColumn<string> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly codes: Int8Array | Int16Array,
    readonly names: ReadonlyMap<number, string>,
  ) {
    for (const code of codes) if (!names.has(code)) throw new RangeError(`an enum has no value ${code}`);
    this.length = codes.length;
  }

  at(row: number): string {
    return this.names.get(this.codes[row]!)!;
  }
}

export class NullableColumn<T = unknown> implements NativeColumn<T | null> {
  readonly type: string;
  readonly length: number;

  constructor(
    readonly absent: Uint8Array,
    readonly values: NativeColumn<T>,
  ) {
    this.type = `Nullable(${values.type})`;
    this.length = absent.length;
  }

  at(row: number): T | null {
    return this.absent[row] ? null : this.values.at(row);
  }
}

/** Lists: where each row's items end, and the items of all rows. */
export class ArrayColumn<T = unknown> implements NativeColumn<T[]> {
  readonly type: string;
  readonly length: number;

  constructor(
    readonly ends: Int64Numbers,
    readonly items: NativeColumn<T>,
  ) {
    this.type = `Array(${items.type})`;
    this.length = ends.length;
  }

  at(row: number): T[] {
    const start = row === 0 ? 0 : this.ends.at(row - 1);
    return valuesOf(this.items, start, this.ends.at(row));
  }
}

/** Maps of names: where each row's entries end, then the names and the values of all rows. */
export class MapColumn<T = unknown> implements NativeColumn<Record<string, T>> {
  readonly type: string;
  readonly length: number;

  constructor(
    readonly ends: Int64Numbers,
    readonly names: NativeColumn<string>,
    readonly values: NativeColumn<T>,
  ) {
    this.type = `Map(${names.type}, ${values.type})`;
    this.length = ends.length;
  }

  at(row: number): Record<string, T> {
    const end = this.ends.at(row);
    const map: Record<string, T> = {};
    for (let i = row === 0 ? 0 : this.ends.at(row - 1); i < end; i++) {
      const name = this.names.at(i);
      const value = this.values.at(i);
      // As a plain member, this name would set the prototype.
      if (name === '__proto__') Object.defineProperty(map, name, { value, ...OWN });
      else map[name] = value;
    }
    return map;
  }
}

const OWN = { enumerable: true, writable: true, configurable: true } as const;

/** Several columns of as many rows each. */
export class TupleColumn implements NativeColumn<unknown[]> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly elements: readonly NativeColumn[],
  ) {
    this.length = elements[0]!.length;
  }

  at(row: number): unknown[] {
    return this.elements.map((element) => element.at(row));
  }
}

/** Returns the values of a column's rows `from` up to `to`. */
function valuesOf<T>(column: NativeColumn<T>, from = 0, to = column.length): T[] {
  const values = new Array<T>(to - from);
  for (let i = 0; i < values.length; i++) values[i] = column.at(from + i);
  return values;
}
