import { BlockMemory } from './block-memory.js';

const LARGE = 100_000;

it('allocates released memory again, for one block at a time', () => {
  const memory = new BlockMemory();
  const first = memory.allocate(LARGE);
  memory.register(first, 1, 1);
  expect(memory.allocate(LARGE).buffer).not.toBe(first.buffer);
  memory.release(first);
  const second = memory.allocate(LARGE - 1);
  expect(second.buffer).toBe(first.buffer);
  expect(second.byteLength).toBe(LARGE - 1);
  expect(memory.allocate(LARGE).buffer).not.toBe(first.buffer);
});

it('releases a block once and unregisters it', () => {
  const memory = new BlockMemory();
  const bytes = memory.allocate(LARGE);
  memory.register(bytes, 7, 1);
  expect(memory.find(bytes)?.rowCount).toBe(7);
  memory.release(bytes);
  memory.release(bytes);
  expect(memory.find(bytes)?.rowCount).toBeUndefined();
  expect(memory.allocate(LARGE).buffer).toBe(bytes.buffer);
  expect(memory.allocate(LARGE).buffer).not.toBe(bytes.buffer);
});

it('keeps at most 64 MiB', () => {
  const memory = new BlockMemory();
  const blocks = Array.from({ length: 9 }, () => memory.allocate(2 ** 23));
  for (const block of blocks) {
    memory.register(block, 1, 1);
    memory.release(block);
  }
  const again = Array.from({ length: 9 }, () => memory.allocate(2 ** 23).buffer);
  expect(again.filter((buffer) => blocks.some((block) => block.buffer === buffer))).toHaveLength(8);
});
