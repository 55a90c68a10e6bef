import { Field, Float64, List, makeData, Map_, Struct, Utf8 } from 'apache-arrow';
import type { Data } from 'apache-arrow';
import { textBuffers } from './texts.js';

/** Items of all rows behind each other, and where those of each row begin; the last offset is the end. */
export interface NestedBuffers {
  readonly valueOffsets: Int32Array;
  readonly child: Data;
}

export const textListType = (): List<Utf8> => new List(new Field('item', new Utf8(), false));

/** Encodes lists of texts; a null has no items. */
export function textListBuffers(lists: ReadonlyArray<readonly string[] | null>): NestedBuffers {
  const { valueOffsets, items } = concatenated(lists);
  return { valueOffsets, child: makeData({ type: new Utf8(), length: items.length, ...textBuffers(items) }) };
}

const KEY = new Field('key', new Utf8(), false);
const VALUE = new Field('value', new Float64(), false);
const ENTRY = new Struct<{ key: Utf8; value: Float64 }>([KEY, VALUE]);

export const numberMapType = (): Map_<Utf8, Float64> => new Map_(new Field('entries', ENTRY, false));

/** Encodes maps of numbers, each in the order of its members; a null has no entries. */
export function numberMapBuffers(
  maps: ReadonlyArray<Readonly<Record<string, number>> | null>,
): NestedBuffers {
  const { valueOffsets, items } = concatenated(maps.map((map) => map && Object.entries(map)));
  const { length } = items;
  const keys = makeData({ type: KEY.type, length, ...textBuffers(items.map(([key]) => key)) });
  const values = makeData({
    type: VALUE.type,
    length,
    data: Float64Array.from(items, ([, value]) => value),
  });
  return { valueOffsets, child: makeData({ type: ENTRY, length, nullCount: 0, children: [keys, values] }) };
}

function concatenated<T>(lists: ReadonlyArray<readonly T[] | null>): {
  valueOffsets: Int32Array;
  items: T[];
} {
  const valueOffsets = new Int32Array(lists.length + 1);
  const items: T[] = [];
  for (const [row, list] of lists.entries()) {
    for (const item of list ?? []) items.push(item);
    valueOffsets[row + 1] = items.length;
  }
  return { valueOffsets, items };
}
