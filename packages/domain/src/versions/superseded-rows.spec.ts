import { supersededRows } from './superseded-rows.js';

const find = (rows: readonly [string, number][], stored: Readonly<Record<string, readonly number[]>> = {}) =>
  supersededRows(
    () => rows.map(([key, version]) => ({ key, version: BigInt(version) })),
    (key) => (stored[key] ?? []).map(BigInt),
  );

it('finds rows older than a stored version', () => {
  expect(
    find(
      [
        ['a', 1],
        ['b', 1],
        ['c', 3],
      ],
      { a: [0, 2], c: [2] },
    ),
  ).toEqual([0]);
});

it('finds rows older than an earlier row of the block', () => {
  expect(
    find([
      ['a', 2],
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['a', 3],
    ]),
  ).toEqual([1]);
});

it('ignores rows that an earlier attempt of the block stored', () => {
  expect(
    find(
      [
        ['a', 1],
        ['a', 2],
      ],
      { a: [2] },
    ),
  ).toEqual([]);
  expect(
    find(
      [
        ['a', 1],
        ['a', 2],
      ],
      { a: [2, 3] },
    ),
  ).toEqual([0, 1]);
});

it('ignores a row that a later row of the block replaces', () => {
  expect(
    find([
      ['a', 1],
      ['a', 1],
      ['a', 2],
    ]),
  ).toEqual([]);
});
