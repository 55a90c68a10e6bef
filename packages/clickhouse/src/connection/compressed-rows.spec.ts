import { isWholeZstd } from './compressed-rows.js';

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
