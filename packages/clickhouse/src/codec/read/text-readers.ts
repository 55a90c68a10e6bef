import type { NativeColumn } from './column.js';
import type { KindReader, ReadField } from './kind-reader.js';
import { joinLists, lengthOf, unexpectedColumn } from './kind-reader.js';
import type { Positions } from './nested-columns.js';
import { EnumColumn, NativeDictionary } from './nested-columns.js';
import { StringColumn } from './string-column.js';

function expectTexts(column: NativeColumn, field: ReadField): NativeColumn<string> {
  const isText =
    column instanceof StringColumn || column instanceof NativeDictionary || column instanceof EnumColumn;
  if (isText) return column as NativeColumn<string>;
  throw unexpectedColumn(column, field);
}

/** Texts that are mostly distinct. */
export const textKindReader: KindReader = {
  values: expectTexts,
  join: (columns, field) => joinLists(columns, (column) => expectTexts(column, field)),
};

/** Texts that are repeated in most rows. */
export const repeatedTextKindReader: KindReader = {
  values: expectTexts,
  join: (columns, field) => joinDictionaries(columns.map((column) => expectTexts(column, field))),
};

/** Joins columns to one dictionary of the texts that rows have, with the smallest positions that suffice. */
function joinDictionaries(columns: readonly NativeColumn<string>[]): {
  dictionary: string[];
  positions: Positions;
} {
  const positionOf = new Map<string, number>();
  const parts = columns.map((column) =>
    column instanceof NativeDictionary
      ? { positions: column.positions, moved: mergeKeys(column as NativeDictionary<string>, positionOf) }
      : { positions: placeTexts(column, positionOf), moved: undefined },
  );
  const dictionary = [...positionOf.keys()];
  const positions = positionsFor(dictionary.length, lengthOf(columns));
  let offset = 0;
  for (const { positions: from, moved } of parts) {
    if (moved) movePositions(from, moved, positions, offset);
    else positions.set(from, offset);
    offset += from.length;
  }
  return { dictionary, positions };
}

function movePositions(from: Positions, moved: Uint32Array, to: Positions, offset: number): void {
  for (let row = 0; row < from.length; row++) to[offset + row] = moved[from[row]!]!;
}

function markUsed(positions: Positions, isUsed: Uint8Array): void {
  for (let row = 0; row < positions.length; row++) isUsed[positions[row]!] = 1;
}

/** Adds the keys that rows have. Returns the new position of each key. */
function mergeKeys(
  { dictionary, positions }: NativeDictionary<string>,
  positionOf: Map<string, number>,
): Uint32Array {
  const isUsed = new Uint8Array(dictionary.length);
  markUsed(positions, isUsed);
  return Uint32Array.from(dictionary, (text, i) => (isUsed[i] ? placeOf(text, positionOf) : 0));
}

function placeTexts(column: NativeColumn<string>, positionOf: Map<string, number>): Uint32Array {
  const positions = new Uint32Array(column.length);
  for (let row = 0; row < positions.length; row++) positions[row] = placeOf(column.at(row), positionOf);
  return positions;
}

function placeOf(text: string, positionOf: Map<string, number>): number {
  let position = positionOf.get(text);
  if (position === undefined) positionOf.set(text, (position = positionOf.size));
  return position;
}

function positionsFor(texts: number, rows: number): Positions {
  if (texts <= 2 ** 8) return new Uint8Array(rows);
  return texts <= 2 ** 16 ? new Uint16Array(rows) : new Uint32Array(rows);
}
