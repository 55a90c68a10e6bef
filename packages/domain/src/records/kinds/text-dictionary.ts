/** Column of repeated texts as distinct texts and, for each row, the position of its text. It is a `DictionaryColumn`. */
export interface TextDictionary {
  /** Texts of the column, and possibly others. */
  readonly dictionary: string[];
  readonly positions: Uint8Array | Uint16Array | Uint32Array;
}

/** Returns the dictionary of these texts, with the smallest positions that suffice. */
export function toTextDictionary(values: readonly string[]): TextDictionary {
  const positionOf = new Map<string, number>();
  const positions = new Uint32Array(values.length);
  for (const [i, value] of values.entries()) {
    let position = positionOf.get(value);
    if (position === undefined) positionOf.set(value, (position = positionOf.size));
    positions[i] = position;
  }
  const dictionary = [...positionOf.keys()];
  if (dictionary.length <= 2 ** 8) return { dictionary, positions: Uint8Array.from(positions) };
  if (dictionary.length <= 2 ** 16) return { dictionary, positions: Uint16Array.from(positions) };
  return { dictionary, positions };
}
