import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { NotUtf8Error } from '../codec/read/answer-errors.js';
import {
  BodyTooLargeError,
  BrokenMessageError,
  ForeignAnswerError,
  TooManyRowsError,
} from './answer-errors.js';
import type { Answer } from './body.js';
import { readJsonRows } from './json-rows.js';

const ROWS = [
  { n: 1, s: 'a\nb' },
  { n: 2, s: 'ü]' },
  { n: 3, s: '},{' },
];
const WHOLE = Buffer.from(`[\n${ROWS.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
/** Answer that ends after two of three rows, before the server's error. */
const BEGUN = Buffer.from(
  `[\n${ROWS.slice(0, 2)
    .map((row) => JSON.stringify(row))
    .join(',\n')}`,
);

const TAG = 'nvxtxzqjccejxuyx';
const MESSAGE =
  'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1)\n';
const MARKED = `\r\n__exception__\r\n${TAG}\r\n${MESSAGE}${MESSAGE.length} ${TAG}\r\n__exception__\r\n`;
const WITHOUT_NAME = 'Code: 241, e.displayText() = DB::Exception: Memory limit exceeded (version 20.3.1)\n';

/** Returns a body of these chunks, which ends with a failure of the connection when one is given. */
function bodyOf(chunks: readonly Uint8Array[], failure?: Error): Readable {
  const rest = [...chunks];
  return new Readable({
    read() {
      const chunk = rest.shift();
      if (chunk) this.push(chunk);
      else if (failure) this.destroy(failure);
      else this.push(null);
    },
  });
}

const answerOf = (body: Readable, headers: Answer['headers'] = {}): Answer => ({
  queryId: 'q',
  status: 200,
  headers: { 'x-clickhouse-query-id': 'q', 'transfer-encoding': 'chunked', ...headers },
  body,
});

const read = (
  answer: Answer,
  {
    maxRows = 100,
    maxBytes = 2 ** 30,
    signal = new AbortController().signal,
  }: { maxRows?: number; maxBytes?: number; signal?: AbortSignal } = {},
) => readJsonRows(answer, signal, { maxRows, maxBytes }, undefined);

/** Returns the bytes in two chunks, cut at every position, and byte by byte. */
function* chunked(bytes: Buffer): Generator<Uint8Array[]> {
  for (let cut = 0; cut <= bytes.length; cut++) yield [bytes.subarray(0, cut), bytes.subarray(cut)];
  yield Array.from(bytes, (byte) => Uint8Array.of(byte));
}

const reset = () => Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
const encodings = [
  ['plain', (bytes: Buffer) => bytes, {}],
  ['compressed', (bytes: Buffer) => gzipSync(bytes), { 'content-encoding': 'gzip' }],
] as const;

describe.each(encodings)('%s answer', (_, encode, headers) => {
  it('returns all rows however the body is cut into chunks', async () => {
    for (const chunks of chunked(encode(WHOLE))) {
      expect(await read(answerOf(bodyOf(chunks), headers))).toEqual(ROWS);
    }
  });

  it('rejects an answer cut at any byte', async () => {
    const bytes = encode(WHOLE);
    // The last byte is a newline behind the array; compressed, it is the trailer that is cut.
    const last = headers === encodings[0][2] ? bytes.length - 2 : bytes.length - 1;
    for (let cut = 0; cut <= last; cut++) {
      const part = bytes.subarray(0, cut);
      await expect(read(answerOf(bodyOf([part]), headers))).rejects.toThrow();
      await expect(read(answerOf(bodyOf([part], reset()), headers))).rejects.toMatchObject({
        code: 'ECONNRESET',
      });
    }
  });

  it.each([
    ['with a marker', { 'x-clickhouse-exception-tag': TAG }, MARKED],
    ['without a marker', {}, MESSAGE],
    ['without a marker on a line of its own', {}, `\n${MESSAGE}`],
    ['without its name', {}, WITHOUT_NAME],
  ])('throws the error that the server reports %s', async (__, more, report) => {
    for (const failure of [undefined, reset()]) {
      for (const chunks of chunked(encode(Buffer.concat([BEGUN, Buffer.from(report)])))) {
        await expect(read(answerOf(bodyOf(chunks, failure), { ...headers, ...more }))).rejects.toMatchObject({
          code: 241,
          type: 'MEMORY_LIMIT_EXCEEDED',
        });
      }
    }
  });
});

it('reads large compressed answers, whole and cut', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => ({ n: Math.sin(i) }));
  const body = `[\n${many.map((row) => JSON.stringify(row)).join(',\n')}`;
  const gzip = { 'content-encoding': 'gzip' };
  const whole = gzipSync(`${body}\n]\n`);
  expect(whole.length).toBeGreaterThan(2 ** 16);
  const parts = Array.from({ length: 20 }, (_, i) =>
    whole.subarray((i * whole.length) / 20, ((i + 1) * whole.length) / 20),
  );
  expect(await read(answerOf(bodyOf(parts), gzip), { maxRows: 20_000 })).toEqual(many);
  const cut = read(answerOf(bodyOf(parts.slice(0, -1)), gzip), { maxRows: 20_000 });
  await expect(cut).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  const failed = bodyOf([gzipSync(body + MESSAGE)], reset());
  await expect(read(answerOf(failed, gzip), { maxRows: 20_000 })).rejects.toMatchObject({ code: 241 });
});

it('returns rows whose text looks like an error report', async () => {
  const text = `${MARKED}${MESSAGE}`;
  const body = Buffer.from(`[\n${JSON.stringify({ text })}\n]\n`);
  const headers = { 'x-clickhouse-exception-tag': 'another' };
  expect(await read(answerOf(bodyOf([body]), headers))).toEqual([{ text }]);
  await expect(read(answerOf(bodyOf([body.subarray(0, -6)]), headers))).rejects.toThrow(BrokenMessageError);
});

it('rejects text that is not UTF-8', async () => {
  const whole = Buffer.from('[\n{"s":"caf\u00e9"}\n]\n', 'latin1');
  for (const chunks of chunked(whole))
    await expect(read(answerOf(bodyOf(chunks)))).rejects.toThrow(NotUtf8Error);
});

it('throws an error that comes behind the array', async () => {
  await expect(read(answerOf(bodyOf([WHOLE, Buffer.from(MESSAGE)])))).rejects.toMatchObject({ code: 241 });
});

it('returns no rows for an empty array', async () => {
  expect(await read(answerOf(bodyOf([Buffer.from('[\n\n]\n')])))).toEqual([]);
});

it('rejects an answer with fewer rows than the server counted', async () => {
  const headers = { 'x-clickhouse-summary': '{"read_rows":"9","result_rows":"4"}' };
  const reading = read(answerOf(bodyOf([WHOLE]), headers));
  await expect(reading).rejects.toThrow('the answer has 3 of the 4 rows that the server sent');
});

it.each(['{"result_rows":"3"}', '{"result_rows":"2"}', '{}', 'null', 'none'])(
  'accepts an answer with the summary %s',
  async (summary) => {
    expect(await read(answerOf(bodyOf([WHOLE]), { 'x-clickhouse-summary': summary }))).toEqual(ROWS);
  },
);

it('rejects an answer without the query id', async () => {
  const answer = { ...answerOf(bodyOf([WHOLE])), headers: {} };
  await expect(read(answer)).rejects.toThrow(ForeignAnswerError);
});

it('throws the error that the head of the answer reports', async () => {
  const answer = answerOf(bodyOf([Buffer.from(MESSAGE)]), { 'x-clickhouse-exception-code': '241' });
  await expect(read({ ...answer, status: 500 })).rejects.toMatchObject({ code: 241 });
});

it('closes the connection when there are too many rows', async () => {
  const body = bodyOf([WHOLE.subarray(0, 20), WHOLE.subarray(20)], reset());
  await expect(read(answerOf(body), { maxRows: 2 })).rejects.toThrow(TooManyRowsError);
  expect(body.destroyed).toBe(true);
});

it.each([2 ** 22, 2 ** 26])('stops a decompression bomb of %d bytes at the limit', async (size) => {
  const bomb = gzipSync(Buffer.alloc(size, ' '));
  expect(bomb.length).toBeLessThan(2 ** 17);
  const body = bodyOf([bomb]);
  const reading = read(answerOf(body, { 'content-encoding': 'gzip' }), { maxBytes: 2 ** 20 });
  await expect(reading).rejects.toThrow(BodyTooLargeError);
});

it('closes the connection when the call is aborted', async () => {
  const controller = new AbortController();
  const body = new Readable({ read: () => undefined });
  const reading = read(answerOf(body), { signal: controller.signal });
  body.push(BEGUN);
  controller.abort('not wanted any more');
  await expect(reading).rejects.toBe('not wanted any more');
  expect(body.destroyed).toBe(true);
});

it('rejects with the error that converting a row throws', async () => {
  const failure = new Error('no number stands for this');
  const reading = readJsonRows(
    answerOf(bodyOf([WHOLE])),
    new AbortController().signal,
    { maxRows: 9, maxBytes: 999 },
    () => {
      throw failure;
    },
  );
  await expect(reading).rejects.toBe(failure);
});
