import { describe, expect, it } from '@jest/globals';
import { ColumnMemory, ScratchMemory } from './number-memory.js';

const BLOCK = 5_000;

describe('ColumnMemory', () => {
  it('places blocks one behind the other', () => {
    const memory = new ColumnMemory(3 * BLOCK);
    const [first, second] = [memory.take(BLOCK), memory.take(10)];
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset).toBe(first.byteOffset + first.byteLength);
    expect([first.length, second.length]).toEqual([BLOCK, 10]);
  });

  it('takes separate memory for rows beyond the announced ones', () => {
    const memory = new ColumnMemory(BLOCK + 10);
    const [first, second] = [memory.take(BLOCK), memory.take(11)];
    expect(second.buffer).not.toBe(first.buffer);
    expect(second).toHaveLength(11);
  });

  it.each([
    ['the first block is small', 1e6, 10],
    ['the rows are not known', 0, BLOCK],
    ['one block has all rows', BLOCK, BLOCK],
  ])('takes no more than a block needs when %s', (_, rows, length) => {
    expect(new ColumnMemory(rows).take(length).buffer.byteLength).toBe(8 * length);
  });

  it('takes memory for a million rows when more are announced', () => {
    expect(new ColumnMemory(1e9).take(BLOCK).buffer.byteLength).toBe(8 * 2 ** 20);
  });
});

describe('ScratchMemory', () => {
  it('takes the same memory again, with the length that is asked for', () => {
    const memory = new ScratchMemory();
    const [first, second, third] = [memory.take(10), memory.take(3), memory.take(20)];
    expect(second.buffer).toBe(first.buffer);
    expect([first.length, second.length, third.length]).toEqual([10, 3, 20]);
  });
});
