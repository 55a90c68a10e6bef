import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { isDatabaseError, records, toOutputRow } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { recordsOf } from '../../testing/native-records.js';
import { rowsOf } from '../../testing/rows-of.js';
import { BlockEncoder } from '../block-encoder.js';
import type { DecodedBlock } from './block-parser.js';
import { decodeBlock } from './block-decoder.js';
import { recordReader } from './record-reader.js';

/** Encodes rows and decodes them: one block for each month. */
function blocksOf(definition: RecordDefinition, inputs: readonly unknown[]): DecodedBlock[] {
  return new BlockEncoder(definition).encodeRows(inputs).blocks.map(({ bytes }) => decodeBlock(bytes));
}

/** Runs both and returns their results, or the messages of their errors. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return error.message;
  }
}

const all = Object.values(records) as RecordDefinition[];

describe('rows', () => {
  it.each(all.map((definition) => [definition.name, definition] as const))(
    'of %s are those of the domain',
    (_, definition) => {
      fc.assert(
        fc.property(recordsOf(definition, 0), fc.boolean(), (inputs, exact) => {
          for (const block of blocksOf(definition, inputs)) {
            const expected = (row: Row) => outcome(() => toOutputRow(definition, row, exact));
            const canonical = rowsOf(block, definition);
            const rows = outcome(() => recordReader(definition, { exact }).rows(block));
            const failure = canonical.map(expected).find((row) => typeof row === 'string');
            if (failure === undefined) expect(rows).toEqual(canonical.map(expected));
            else expect(typeof rows).toBe('string');
          }
        }),
      );
    },
  );
});
