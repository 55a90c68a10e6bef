import { QueryError } from '@quantumtrade/dal-domain';
import type { DictionaryColumn } from '@quantumtrade/dal-domain';
import { Dictionary, Int32, makeData, Utf8, Vector } from 'apache-arrow';

const MAX_TEXT_BYTES = 2 ** 31 - 1;

/** Bytes of texts, and where each text begins; the last offset is the end. */
export interface TextBuffers {
  readonly valueOffsets: Int32Array;
  readonly data: Uint8Array;
}

/**
 * Encodes texts; a null has no bytes.
 * @throws QueryError when the texts exceed 2 GiB, which the offsets of the Arrow type cannot address
 */
export function textBuffers(texts: ArrayLike<string | null>): TextBuffers {
  const valueOffsets = new Int32Array(texts.length + 1);
  let end = 0;
  for (let i = 0; i < texts.length; i++) {
    end += Buffer.byteLength(texts[i] ?? '');
    if (end > MAX_TEXT_BYTES) {
      throw new QueryError('', 'a column has more than 2 GiB of text: read it in batches', {
        operation: 'arrow',
      });
    }
    valueOffsets[i + 1] = end;
  }
  const data = Buffer.allocUnsafeSlow(end);
  for (let i = 0; i < texts.length; i++) data.write(texts[i] ?? '', valueOffsets[i]!);
  return { valueOffsets, data };
}

const textVector = (texts: readonly string[]): Vector<Utf8> =>
  new Vector([makeData({ type: new Utf8(), length: texts.length, ...textBuffers(texts) })]);

/**
 * Encodes columns of repeated texts as positions in a list of distinct texts. The list has the texts that rows have, in the
 * order of their first rows, so that equal columns are encoded equally. A list that equals the one before is that one, which a
 * stream then does not repeat.
 */
export class DictionaryEncoder {
  readonly type: Dictionary<Utf8, Int32>;
  #texts: readonly string[] = [];
  #vector = textVector([]);

  /** `id`: number of the dictionary within its schema. */
  constructor(id: number) {
    this.type = new Dictionary(new Utf8(), new Int32(), id);
  }

  buffers({ dictionary, positions }: DictionaryColumn): { data: Int32Array; dictionary: Vector<Utf8> } {
    const data = new Int32Array(positions.length);
    const places = new Int32Array(dictionary.length).fill(-1);
    const texts: string[] = [];
    for (let row = 0; row < data.length; row++) {
      const position = positions[row]!;
      let place = places[position]!;
      if (place < 0) {
        place = places[position] = texts.length;
        texts.push(dictionary[position]!);
      }
      data[row] = place;
    }
    if (texts.length !== this.#texts.length || texts.some((text, i) => text !== this.#texts[i])) {
      this.#texts = texts;
      this.#vector = textVector(texts);
    }
    return { data, dictionary: this.#vector };
  }
}
