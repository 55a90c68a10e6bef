import { ServerError } from '../../connection/server-errors.js';
import { prediction } from '@quantumtrade/dal-domain';
import { BrokenAnswerError, NotUtf8Error } from './decode-errors.js';
import type { DecodeOptions } from './block-decoder.js';
import { decodeBlocks } from './block-decoder.js';
import type { DecodedBlock } from './block-parser.js';
import { BlockEncoder } from '../block-encoder.js';
import { rowsOf } from '../../testing/rows-of.js';

const rows = Array.from({ length: 3 }, (_, i) => ({
  predictionId: `prediction ü ${i}`,
  symbol: i === 1 ? 'ÄÖ' : 'S',
  timestamp: 1_700_000_000_000 + i,
  modelVersion: 'v1',
  strategyName: 'momentum',
  predictionHorizon: 5,
  predictedPrice: 10_125_000_000n * BigInt(i),
  confidence: 0.5,
  marketRegime: 'calm',
  featuresUsed: Array.from({ length: i }, (__, k) => `feature ${k}`),
  modelLatencyMs: 3,
  strategyParameters: i === 0 ? {} : { fast: i, ['__proto__']: 2 },
}));
const inputs = rows.map((row) => ({ ...row, predictedPrice: Number(row.predictedPrice) / 1e8 }));
const block = new BlockEncoder(prediction).encodeRows(inputs).blocks[0]!.bytes;

async function* chunks(...parts: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

async function read(source: AsyncIterable<Uint8Array>, options?: DecodeOptions): Promise<DecodedBlock[]> {
  const blocks: DecodedBlock[] = [];
  for await (const decoded of decodeBlocks(source, options)) blocks.push(decoded);
  return blocks;
}

const tag = 'nvxtxzqjccejxuyx';
const text =
  "Code: 395. DB::Exception: Value passed to 'throwIf' is non-zero. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.7.2.1)\n";
const report = Buffer.from(
  `\r\n__exception__\r\n${tag}\r\n${text}${text.length} ${tag}\r\n__exception__\r\n`,
);
const serverError = { code: 395, type: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO' };

it('reads blocks whose bytes are cut in two anywhere', async () => {
  for (let cut = 0; cut <= block.length; cut++) {
    const decoded = await read(chunks(block, block.subarray(0, cut), block.subarray(cut)));
    expect(decoded.map((part) => rowsOf(part, prediction))).toEqual([rows, rows]);
  }
});

it('reads blocks byte by byte', async () => {
  const decoded = await read(chunks(...Array.from(block, (byte) => Uint8Array.of(byte)), block));
  expect(decoded.map((part) => rowsOf(part, prediction))).toEqual([rows, rows]);
});

it('returns a block as soon as its last byte is there', async () => {
  const source = chunks(block.subarray(0, 10), block.subarray(10), new Error('too far'));
  const reading = decodeBlocks(source, { exceptionTag: tag });
  expect((await reading.next()).value).toMatchObject({ rowCount: 3 });
  await expect(reading.next()).rejects.toThrow('too far');
});

it('returns no untagged block before the next one is read', async () => {
  const reading = decodeBlocks(chunks(block, block, block.subarray(0, 100), Buffer.from(text)));
  expect((await reading.next()).value).toMatchObject({ rowCount: 3 });
  await expect(reading.next()).rejects.toMatchObject(serverError);
});

it('reports an unmarked error that ends an untagged answer inside a block', async () => {
  for (let cut = 1; cut < block.length; cut++) {
    const answer = Buffer.concat([block.subarray(0, cut), Buffer.from(text)]);
    await expect(read(chunks(answer))).rejects.toMatchObject(serverError);
  }
});

it.each([[[300]], [[0, 1, 127, 128, 300, 16_383]], [[16_383, 16_384, 40_000]]])(
  'reads texts of %p bytes and long names',
  async (lengths) => {
    const texts = lengths.map((length) => 'ä'.repeat(length / 2) + 'x'.repeat(length % 2));
    const name = 'n'.repeat(200);
    const varint = (value: number): number[] =>
      value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
    const bytes = Buffer.from([
      ...[1, texts.length, ...varint(name.length), ...Buffer.from(name), 6, ...Buffer.from('String')],
      ...texts.flatMap((text) => [...varint(Buffer.byteLength(text)), ...Buffer.from(text)]),
    ]);
    for (const cut of [0, 2, 100, 203, 212, 500, 10_000, bytes.length - 1]) {
      const [decoded] = await read(chunks(bytes.subarray(0, cut), bytes.subarray(cut)));
      expect(texts.map((_, row) => decoded!.column(name).at(row))).toEqual(texts);
    }
  },
);

it('reads an empty answer and an empty block', async () => {
  expect(await read(chunks())).toEqual([]);
  const [empty] = await read(
    chunks(Buffer.from('\x02\x00\x01a\x05UInt8\x01b\x16LowCardinality(String)', 'latin1')),
  );
  expect(empty).toMatchObject({ rowCount: 0, names: ['a', 'b'] });
  expect(empty!.column('b')).toHaveLength(0);
});

it('refuses an answer that ends anywhere inside a block', async () => {
  for (let cut = 1; cut < block.length; cut++) {
    for (const options of [{}, { exceptionTag: tag }]) {
      await expect(read(chunks(block, block.subarray(0, cut)), options)).rejects.toThrow(BrokenAnswerError);
    }
  }
});

it('reports the server’s error between blocks, wherever the chunks are cut', async () => {
  const answer = Buffer.concat([block, report]);
  for (let cut = 0; cut <= answer.length; cut++) {
    for (const options of [{}, { exceptionTag: tag }]) {
      const reading = read(
        chunks(answer.subarray(0, cut), answer.subarray(cut), new Error('aborted')),
        options,
      );
      await expect(reading).rejects.toMatchObject(serverError);
    }
  }
});

it('reports the server’s error inside any block, without rows of it', async () => {
  for (let cut = 1; cut < block.length; cut++) {
    const reading = decodeBlocks(chunks(block, block.subarray(0, cut), report), { exceptionTag: tag });
    expect((await reading.next()).value).toMatchObject({ rowCount: 3 });
    await expect(reading.next()).rejects.toMatchObject(serverError);
  }
});

it('reports an error that the server sends without a marker', async () => {
  await expect(read(chunks(block, Buffer.from(text)))).rejects.toBeInstanceOf(ServerError);
});

it('takes no text of a row for the server’s error', async () => {
  const hostile = new BlockEncoder(prediction).encodeRows([
    { ...inputs[0]!, featuresUsed: [report.toString(), report.toString()] },
  ]).blocks[0]!.bytes;
  const [decoded] = await read(chunks(hostile), { exceptionTag: 'another' });
  expect(decoded!.column('features_used').at(0)).toEqual([report.toString(), report.toString()]);
  const cut = read(chunks(hostile.subarray(0, -1)), { exceptionTag: 'another' });
  await expect(cut).rejects.toThrow(BrokenAnswerError);
});

it('passes on the error of the chunks', async () => {
  await expect(read(chunks(block, new Error('socket hang up')))).rejects.toThrow('socket hang up');
});

it('names a type that it cannot read', async () => {
  const answer = Buffer.from('\x01\x01\x01a\x07Polygon\x00', 'latin1');
  await expect(read(chunks(answer))).rejects.toMatchObject({
    name: 'BrokenAnswerError',
    cause: new TypeError('columns of type Polygon cannot be read'),
  });
});

it('refuses two columns of one name', async () => {
  const answer = Buffer.from('\x02\x01\x01a\x05UInt8\x00\x01a\x05UInt8\x00', 'latin1');
  await expect(read(chunks(answer))).rejects.toMatchObject({
    cause: new TypeError('two columns have the name a'),
  });
});

it('refuses texts that are not UTF-8, wherever they stand', async () => {
  const block = (type: string, ...data: (string | number[])[]) =>
    Buffer.from([
      1,
      2,
      1,
      0x61,
      type.length,
      ...Buffer.from(type),
      ...data.flatMap((part) => [...Buffer.from(part)]),
    ]);
  const dictionary = [
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ];
  for (const bytes of [
    block('String', [2, 0x61, 0xff, 0]),
    // The first text ends inside a character, and the second goes on with it.
    block('String', [1, 0xc3, 1, 0xa4]),
    block('FixedString(2)', [0xc3, 0xa4, 0xa4, 0xc3]),
    block('LowCardinality(String)', dictionary[0]!, [1, 0xff], dictionary[1]!),
  ]) {
    await expect(read(chunks(bytes))).rejects.toThrow(NotUtf8Error);
    await expect(read(chunks(...Array.from(bytes, (byte) => Uint8Array.of(byte))))).rejects.toThrow(
      NotUtf8Error,
    );
  }
});

it('reads texts with a length of several bytes as they are', async () => {
  const long = {
    ...inputs[0]!,
    predictionId: 'ä'.repeat(100),
    featuresUsed: ['€'.repeat(5_000), '', 'a'.repeat(20_000)],
  };
  const bytes = new BlockEncoder(prediction).encodeRows([long, ...inputs]).blocks[0]!.bytes;
  const [decoded] = await read(chunks(bytes.subarray(0, 7_001), bytes.subarray(7_001)));
  expect(rowsOf(decoded!, prediction)).toMatchObject([
    { predictionId: long.predictionId, featuresUsed: long.featuresUsed },
    ...rows,
  ]);
});

it('reads long texts that arrive in small chunks', async () => {
  const long = Array.from({ length: 2_000 }, (_, i) => ({
    ...inputs[0]!,
    predictionId: `${i} ${'€'.repeat(80)}`,
  }));
  const bytes = new BlockEncoder(prediction).encodeRows(long).blocks[0]!.bytes;
  const parts = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, i) =>
    bytes.subarray(i * 777, (i + 1) * 777),
  );
  const [decoded] = await read(chunks(...parts));
  expect(rowsOf(decoded!, prediction).map((row) => row['predictionId'])).toEqual(
    long.map((row) => row.predictionId),
  );
});

it('throws for a column that the block lacks', async () => {
  const [decoded] = await read(chunks(block));
  expect(() => decoded!.column('nothing')).toThrow('the block has no column nothing');
});

describe('a hostile answer', () => {
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
  const text = (value: string) => [...varint(Buffer.byteLength(value)), ...Buffer.from(value)];
  const uint64 = (value: bigint) => [...new Uint8Array(BigUint64Array.of(value).buffer)];
  const answerOf = (type: string, rowCount: number, data: readonly number[]) =>
    Buffer.from([1, ...varint(rowCount), ...text('a'), ...text(type), ...data]);
  const nested = (depth: number) => `${'Array('.repeat(depth)}UInt8${')'.repeat(depth)}`;
  const keys = [...uint64(1n), ...uint64(0x600n), ...uint64(1n), ...text('key')];

  it.each([
    ['types nested a thousand deep', answerOf(nested(1_000), 1, [])],
    ['a type name that never ends', Buffer.from([1, 1, ...text('a'), ...varint(2 ** 40)])],
    ['a column name that never ends', Buffer.from([1, 1, ...varint(2 ** 40)])],
    ['more rows than it has bytes', answerOf('UInt64', 2 ** 45, [1, 2, 3])],
    ['more texts than it has bytes', answerOf('String', 2 ** 45, [1, 2, 3])],
    ['a text longer than itself', answerOf('String', 1, varint(2 ** 45))],
    ['lists whose ends go back', answerOf('Array(UInt8)', 2, [...uint64(2n), ...uint64(1n), 7])],
    ['a list that ends before its start', answerOf('Array(UInt8)', 1, uint64(2n ** 64n - 1n))],
    ['a list with more items than bytes', answerOf('Array(UInt8)', 1, uint64(2n ** 50n))],
    ['a position beyond its dictionary', answerOf('LowCardinality(String)', 1, [...keys, ...uint64(1n), 9])],
    [
      'more keys than bytes',
      answerOf('LowCardinality(String)', 1, [...uint64(1n), ...uint64(0x600n), ...uint64(2n ** 50n)]),
    ],
    ['a dictionary of lists', answerOf('LowCardinality(Array(UInt8))', 1, [...keys])],
    ['a type that is a property of every object', answerOf('constructor', 1, [1])],
    ['a type without its parameter', answerOf('Array', 1, uint64(1n))],
  ])('is refused when it has %s', async (_, answer) => {
    await expect(read(chunks(answer))).rejects.toThrow(BrokenAnswerError);
    await expect(read(chunks(...Array.from(answer, (byte) => Uint8Array.of(byte))))).rejects.toThrow(
      BrokenAnswerError,
    );
  });

  it.each([
    ['column', Buffer.from([1, 1, ...varint(2 ** 30)])],
    ['type', Buffer.from([1, 1, ...text('a'), ...varint(2 ** 30)])],
  ])('is refused before a long name of a %s has come', async (_, head) => {
    const reading = read(chunks(head, Buffer.alloc(10), new Error('read on')));
    await expect(reading).rejects.toThrow(BrokenAnswerError);
  });

  it('names a long type by its beginning', async () => {
    const reading = read(chunks(answerOf(`Polygon${'x'.repeat(50_000)}`, 1, [1])));
    const error = (await reading.catch((reason: unknown) => reason)) as Error;
    expect((error.cause as Error).message.length).toBeLessThan(200);
  });
});
