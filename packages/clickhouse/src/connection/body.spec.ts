import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { LightAbortSignal } from '@quantumtrade/dal-runtime';
import { Random, turn } from '@quantumtrade/dal-testing';
import { BodyTooLargeError, BrokenMessageError } from './answer-errors.js';
import type { Answer } from './body.js';
import { readBody } from './body.js';
import { BodyStream, type WaitLimit } from './body-stream.js';

/** More than one stored block of gzip, which holds at most 65,535 bytes. */
const LARGE = new Random(1).bytes(200_000);
const SMALL = Buffer.from('two rows, ü');
const GZIP = { 'content-encoding': 'gzip' };

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
  headers: { 'transfer-encoding': 'chunked', ...headers },
  body,
});

interface Outcome {
  readonly bytes: Buffer;
  /** @default none */
  readonly error?: unknown;
}

interface ReadLimits extends Partial<WaitLimit> {
  /** @default Infinity (bytes) */
  readonly maxBytes?: number;
}

type Read = (answer: Answer, limits?: ReadLimits, signal?: LightAbortSignal) => Promise<Outcome>;

/** Reads a body with `readBody`. */
const read: Read = async (answer, { maxBytes = Infinity } = {}, signal = new LightAbortSignal()) => {
  const chunks: Uint8Array[] = [];
  try {
    const size = await readBody(answer, signal, maxBytes, { take: (chunk) => chunks.push(chunk) });
    const bytes = Buffer.concat(chunks);
    expect(size).toBe(bytes.length);
    return { bytes };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
};

const streamOf = (answer: Answer, limit: Partial<WaitLimit> = {}, signal = new LightAbortSignal()) =>
  new BodyStream(answer, signal, { maxWaitMs: 10_000, timeoutError: () => new Error('late'), ...limit });

/** Reads a body with `BodyStream`. */
const readStream: Read = async (answer, limits, signal) => {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of streamOf(answer, limits, signal)) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
};

/** Returns the bytes in two chunks, cut at every position, and byte by byte. */
function* chunked(bytes: Buffer): Generator<Uint8Array[]> {
  for (let cut = 0; cut <= bytes.length; cut++) yield [bytes.subarray(0, cut), bytes.subarray(cut)];
  yield Array.from(bytes, (byte) => Uint8Array.of(byte));
}

const reset = () => Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
const plain = (bytes: Buffer) => bytes;
const compressed = (bytes: Buffer) => gzipSync(bytes);
const stored = (bytes: Buffer) => gzipSync(bytes, { level: 0 });

const ENCODINGS = [
  ['plain', plain, {}],
  ['compressed', compressed, GZIP],
  ['stored', stored, GZIP],
] as const;
const READERS = [
  ['whole', read],
  ['as a stream', readStream],
] as const;

describe.each(
  READERS.flatMap(([how, reader]) =>
    ENCODINGS.map(([form, encode, headers]) => [form, how, encode, headers, reader] as const),
  ),
)('%s body read %s', (_form, _how, encode, headers, read) => {
  it('body gives all bytes however it is cut into chunks', async () => {
    for (const chunks of chunked(encode(SMALL))) {
      expect(await read(answerOf(bodyOf(chunks), headers))).toEqual({ bytes: SMALL });
    }
    const large = encode(LARGE);
    const random = new Random(2);
    for (let run = 0; run < 20; run++) {
      const cuts = Array.from({ length: 5 }, () => random.below(large.length)).sort((a, b) => a - b);
      const chunks = [0, ...cuts].map((cut, i) => large.subarray(cut, cuts[i] ?? large.length));
      expect((await read(answerOf(bodyOf(chunks), headers))).bytes.equals(LARGE)).toBe(true);
    }
  });

  it('body gives what arrived before its connection broke', async () => {
    const bytes = encode(SMALL);
    for (const chunks of chunked(bytes)) {
      const whole = await read(answerOf(bodyOf(chunks, reset()), headers));
      expect(whole).toMatchObject({ bytes: SMALL, error: { code: 'ECONNRESET' } });
      const part = await read(answerOf(bodyOf(chunks.slice(0, 1), reset()), headers));
      expect(part.error).toMatchObject({ code: 'ECONNRESET' });
      expect(SMALL.subarray(0, part.bytes.length)).toEqual(part.bytes);
    }
  });
});

describe.each(ENCODINGS)('%s body', (_, encode, headers) => {
  it('body above the limit closes the connection', async () => {
    const body = bodyOf([encode(LARGE.subarray(0, 1_000)), Buffer.from('more')]);
    const { error } = await read(answerOf(body, headers), { maxBytes: 999 });
    expect(error).toBeInstanceOf(BodyTooLargeError);
    expect(body.destroyed).toBe(true);
  });

  it('body pauses the connection while its consumer is slow', async () => {
    const source = new PassThrough();
    const bytes = encode(Buffer.concat(Array.from({ length: 40 }, () => LARGE)));
    const body = streamOf(answerOf(source, headers));
    source.end(bytes);
    for (let i = 0; i < 50; i++) await turn();
    expect(source.isPaused()).toBe(true);
    let size = 0;
    for await (const chunk of body) size += chunk.length;
    expect(size).toBe(40 * LARGE.length);
  });

  it('paused body gives what arrived before its connection broke', async () => {
    const source = new PassThrough({ highWaterMark: 2 ** 24 });
    const bytes = encode(Buffer.concat(Array.from({ length: 20 }, () => LARGE)));
    const body = streamOf(answerOf(source, headers));
    for (let at = 0; at < bytes.length; at += 60_000) source.write(bytes.subarray(at, at + 60_000));
    while (!source.isPaused()) await turn();
    source.destroy(reset());
    await new Promise((resolve) => source.on('close', resolve));
    let size = 0;
    const reading = (async () => {
      for await (const chunk of body) size += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(size).toBe(20 * LARGE.length);
  });
});

it.each([
  ['compressed', compressed],
  ['stored', stored],
])('%s body is rejected when cut at any byte', async (_, encode) => {
  const bytes = encode(SMALL);
  for (let cut = 0; cut < bytes.length; cut++) {
    const { error } = await read(answerOf(bodyOf([bytes.subarray(0, cut)]), GZIP));
    expect(error).toBeDefined();
  }
  const large = encode(LARGE);
  for (let left = 1; left <= 30; left++) {
    const { error } = await read(answerOf(bodyOf([large.subarray(0, -left)]), GZIP));
    expect(error).toBeDefined();
  }
});

it('stored body is rejected when a part of it is missing', async () => {
  const bytes = stored(LARGE);
  const block = 65_535 + 5;
  const without = Buffer.concat([bytes.subarray(0, 10 + block), bytes.subarray(10 + 2 * block)]);
  expect((await read(answerOf(bodyOf([without]), GZIP))).error).toBeInstanceOf(BrokenMessageError);
});

it.each([
  ['goes on in the same chunk', [Buffer.concat([stored(SMALL), Buffer.of(0)])]],
  ['goes on in another chunk', [stored(SMALL), Buffer.of(0)]],
])('stored body is rejected when it %s', async (_, chunks) => {
  expect((await read(answerOf(bodyOf(chunks), GZIP))).error).toBeInstanceOf(BrokenMessageError);
});

it('gzip with the name of a file is read', async () => {
  const bytes = stored(SMALL);
  bytes[3] = 8;
  const named = Buffer.concat([bytes.subarray(0, 10), Buffer.from('rows\0'), bytes.subarray(10)]);
  for (const chunks of chunked(named)) {
    expect(await read(answerOf(bodyOf(chunks), GZIP))).toEqual({ bytes: SMALL });
  }
});

it.each([2 ** 22, 2 ** 26])('decompression bomb of %d bytes stops at the limit', async (size) => {
  const bomb = gzipSync(Buffer.alloc(size, ' '));
  expect(bomb.length).toBeLessThan(2 ** 17);
  const { bytes, error } = await read(answerOf(bodyOf([bomb]), GZIP), { maxBytes: 2 ** 20 });
  expect(error).toBeInstanceOf(BodyTooLargeError);
  expect(bytes.length).toBeLessThanOrEqual(2 ** 20);
});

it('body without compression needs a framing that proves its end', async () => {
  const unframed = { 'transfer-encoding': undefined };
  expect(await read(answerOf(bodyOf([SMALL]), unframed))).toMatchObject({
    error: new BrokenMessageError('the answer has nothing that proves its end'),
  });
  expect(await read(answerOf(bodyOf([SMALL]), { ...unframed, 'content-length': '12' }))).toEqual({
    bytes: SMALL,
  });
  expect(await read(answerOf(bodyOf([]), unframed))).toEqual({ bytes: Buffer.alloc(0) });
});

it('body with another compression is refused', async () => {
  const { error } = await read(answerOf(bodyOf([SMALL]), { 'content-encoding': 'br' }));
  expect(error).toEqual(new BrokenMessageError('the answer is compressed as br'));
});

it.each(READERS)('abort closes the connection of a body read %s', async (_, read) => {
  const signal = new LightAbortSignal();
  const body = new Readable({ read: () => undefined });
  const reading = read(answerOf(body), {}, signal);
  body.push(SMALL);
  signal.abort('not wanted any more');
  expect((await reading).error).toBe('not wanted any more');
  expect(body.destroyed).toBe(true);
});

it('error of the reader closes the connection and rejects', async () => {
  const body = bodyOf([stored(SMALL)]);
  const reader = {
    take() {
      throw new Error('too many rows');
    },
    errorOf: () => new Error('not asked'),
  };
  const reading = readBody(answerOf(body, GZIP), new LightAbortSignal(), Infinity, reader);
  await expect(reading).rejects.toThrow('too many rows');
  expect(body.destroyed).toBe(true);
});

it('failure of the connection becomes the error that is returned for it', async () => {
  const failed = new Error('what the server reports');
  const signal = new LightAbortSignal();
  const reader = { take: () => undefined, errorOf: () => failed };
  const reading = readBody(answerOf(bodyOf([SMALL], reset())), signal, Infinity, reader);
  await expect(reading).rejects.toBe(failed);
});

it('body that is left closes the connection', async () => {
  const body = bodyOf([SMALL, SMALL, SMALL]);
  for await (const chunk of streamOf(answerOf(body))) {
    expect(Buffer.from(chunk)).toEqual(SMALL);
    break;
  }
  expect(body.destroyed).toBe(true);
});

it('wait for the next chunk ends at its limit', async () => {
  const body = new Readable({ read: () => undefined });
  const late = new Error('too late');
  const { error } = await readStream(answerOf(body), { maxWaitMs: 20, timeoutError: () => late });
  expect(error).toBe(late);
  expect(body.destroyed).toBe(true);
});
