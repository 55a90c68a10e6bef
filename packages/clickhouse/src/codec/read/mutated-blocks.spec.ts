import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { QueryError, records } from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import fc from 'fast-check';
import { ServerError } from '../../connection/server-errors.js';
import { ENGINE_BLOCK } from '../../testing/engine-block.js';
import { mutated } from '../../testing/mutations.js';
import { barRows, recordsOf } from '../../testing/native-records.js';
import { BlockEncoder } from '../block-encoder.js';
import { BrokenAnswerError, NotUtf8Error } from './decode-errors.js';
import { decodeBlocks } from './block-decoder.js';
import type { DecodedBlock } from './block-parser.js';
import { TRUSTED_BYTES } from './byte-input.js';
import { recordReader } from './record-reader.js';

const MUTATIONS = Number(process.env['QT_MUTATIONS'] ?? 3_000);
const SEED = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Mutations between two turns of the event loop. */
const TURN = 100;
/** Maximum size of a column in memory for each byte that has arrived. Arrays grow by doubling. */
const GROWTH = 4;

interface Case {
  readonly definition: RecordDefinition | undefined;
  readonly bytes: Buffer;
}

/** Returns small blocks of a record, each of a few rows. */
function blocksOf(definition: RecordDefinition, samples: readonly (readonly unknown[])[]): Case[] {
  const encoder = new BlockEncoder(definition);
  return samples
    .flatMap((rows) =>
      encoder.encodeRows(rows.slice(0, 5)).blocks.map(({ bytes }) => ({ definition, bytes })),
    )
    .sort((a, b) => a.bytes.length - b.bytes.length)
    .slice(0, 3);
}

const cases: readonly Case[] = [
  ...(Object.values(records) as RecordDefinition[]).flatMap((definition) =>
    blocksOf(definition, fc.sample(recordsOf(definition, 0), { numRuns: 10, seed: 1 })),
  ),
  ...blocksOf(records.marketData, [barRows(5)]),
  { definition: undefined, bytes: ENGINE_BLOCK },
];

async function* cutAnywhere(bytes: Buffer, random: Random): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const end = random.chance(0.5) ? bytes.length : at + 1 + random.below(bytes.length);
    // Chunks of memory of their own, so that columns may begin anywhere in it.
    yield Buffer.from(bytes.subarray(at, end));
    at = end;
  }
}

/** Reads every value of a block, and the rows or columns of a record from it. */
function readAll(block: DecodedBlock, definition: RecordDefinition | undefined, exact: boolean): void {
  for (const name of block.names) {
    const column = block.column(name);
    if (column.length !== block.rowCount)
      throw new Error(`${column.length} values in ${block.rowCount} rows`);
    for (let row = 0; row < column.length; row++) {
      if (column.at(row) === undefined) throw new Error(`row ${row} of ${name} has no value`);
    }
  }
  if (!definition) return;
  const reader = recordReader(definition, { exact });
  const rows = reader.rows(block);
  if (rows.length !== block.rowCount) throw new Error(`${rows.length} of ${block.rowCount} rows`);
  reader.columns([block]);
}

const isExpected = (error: unknown): boolean =>
  error instanceof BrokenAnswerError ||
  error instanceof NotUtf8Error ||
  error instanceof ServerError ||
  error instanceof QueryError ||
  (error instanceof TypeError && /^(a column of type|the block has no column)/.test(error.message));

async function decode({ definition }: Case, bytes: Buffer, random: Random): Promise<'read' | 'refused'> {
  const exceptionTag = random.chance(0.5) ? 'tag' : undefined;
  try {
    for await (const block of decodeBlocks(cutAnywhere(bytes, random), { exceptionTag })) {
      readAll(block, definition, random.chance(0.5));
    }
    return 'read';
  } catch (error) {
    if (isExpected(error)) return 'refused';
    throw error;
  }
}

it(`reads or refuses ${MUTATIONS} mutated blocks (QT_SEED=${SEED})`, async () => {
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  let largest = 0;
  Buffer.allocUnsafeSlow = (size) => {
    largest = Math.max(largest, size);
    return allocate(size);
  };
  const outcomes = { read: 0, refused: 0 };
  try {
    for (let n = 0; n < MUTATIONS; n++) {
      const seed = SEED + n;
      const random = new Random(seed);
      const one = random.pick(cases);
      const whole = random.chance(0.2) ? Buffer.concat([one.bytes, one.bytes]) : one.bytes;
      const bytes = mutated(whole, random);
      largest = 0;
      try {
        outcomes[await decode(one, bytes, random)]++;
        if (largest > TRUSTED_BYTES + GROWTH * bytes.length)
          throw new Error(`${largest} bytes were allocated`);
      } catch (error) {
        throw new Error(`mutation with QT_SEED=${seed}`, { cause: error });
      }
      if (n % TURN === 0) await new Promise(setImmediate);
    }
  } finally {
    Buffer.allocUnsafeSlow = allocate;
  }
  expect(outcomes.read).toBeGreaterThan(MUTATIONS / 20);
  expect(outcomes.refused).toBeGreaterThan(MUTATIONS / 20);
}, 86_400_000);
