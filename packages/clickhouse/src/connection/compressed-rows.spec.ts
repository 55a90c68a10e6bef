import { FakeClient } from '../testing/fake-client.js';
import { counted, type FakeAnswer } from '../testing/fake-server.js';
import { isWholeZstd } from './compressed-rows.js';

const fake = new FakeClient();
afterEach(() => fake.close());

/** A frame with a raw block and a run-length block, of the given flags and sizes. */
function frame({ checksum = true, singleSegment = false } = {}): Buffer {
  const flags = (checksum ? 0x04 : 0) | (singleSegment ? 0x20 : 0);
  const head = [0x28, 0xb5, 0x2f, 0xfd, flags, 0x58];
  const raw = [(5 << 3) & 0xff, 0, 0, ...Buffer.from('hello')];
  const repeated = [((9 << 3) | (1 << 1) | 1) & 0xff, 0, 0, 0x61];
  return Buffer.from([...head, ...raw, ...repeated, ...(checksum ? [1, 2, 3, 4] : [])]);
}

it.each([{}, { checksum: false }, { singleSegment: true }])('whole frames of %j are whole', (options) => {
  expect(isWholeZstd(frame(options))).toBe(true);
  expect(isWholeZstd(Buffer.concat([frame(options), frame()]))).toBe(true);
});

it('no shorter part of two frames is whole but the first', () => {
  const whole = Buffer.concat([frame(), frame({ checksum: false })]);
  const first = frame().length;
  const ends = [...Array(whole.length + 1).keys()].filter((end) => isWholeZstd(whole.subarray(0, end)));
  expect(ends).toEqual([first, whole.length]);
});

it('other bytes are not whole', () => {
  expect(isWholeZstd(Buffer.from('Code: 62. DB::Exception'))).toBe(false);
  expect(isWholeZstd(Buffer.concat([frame(), Buffer.from('\n')]))).toBe(false);
});

const SUMMARY = { 'X-ClickHouse-Summary': '{"result_rows":"2"}' };
const answered =
  (bytes: Uint8Array, headers: object = { ...SUMMARY, 'Content-Encoding': 'zstd' }): FakeAnswer =>
  (response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value as string);
    response.end(bytes);
  };
const read = () => fake.client.sql('d').compressed('test', 'SELECT * FROM t');

it('compressed rows come as the server sent them, with their number', async () => {
  await fake.serve(answered(frame()));
  expect(await read()).toEqual({ bytes: frame(), rowCount: 2 });
});

it.each([
  ['is cut off', answered(frame().subarray(0, -1))],
  ['is empty', answered(Buffer.alloc(0))],
  ['is not compressed', answered(frame(), SUMMARY)],
  ['does not count its rows', answered(frame(), { 'Content-Encoding': 'zstd' })],
])('compressed answer that %s is asked for again', async (_, answer) => {
  await fake.serve(answer, answered(frame()));
  expect(await read()).toMatchObject({ rowCount: 2 });
  expect(fake.server.queries).toHaveLength(2);
});

it('insert of compressed rows says so and makes one block of them', async () => {
  const seen: unknown[] = [];
  await fake.serve((response, request) => {
    const search = new URL(request.url!, 'http://fake').searchParams;
    seen.push(request.headers['content-encoding'], search.get('min_insert_block_size_bytes'));
    counted(2)(response, request);
  });
  const block = { table: 't', token: 'once', bytes: frame(), rowCount: 2, retried: true };
  await fake.client.sql('d').insert('test', { ...block, isZstd: true });
  await fake.client.sql('d').insert('test', block);
  expect(seen).toEqual(['zstd', '0', undefined, null]);
});
