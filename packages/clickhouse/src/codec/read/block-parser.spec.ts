import { BlockParser } from './block-parser.js';

type Column = [name: string, type: string, ...data: number[]];

/** Returns a block of one row. */
const blockOf = (...columns: Column[]) =>
  Buffer.from([
    ...[columns.length, 1],
    ...columns.flatMap(([name, type, ...data]) => [
      ...[name.length, ...Buffer.from(name), type.length, ...Buffer.from(type), ...data],
    ]),
  ]);

it('reads columns that differ from those of the answer before', () => {
  const answers = [
    { bytes: blockOf(['a', 'UInt16', 1, 2], ['b', 'UInt8', 3]), values: { a: 0x201, b: 3 } },
    { bytes: blockOf(['a', 'UInt16', 1, 2], ['c', 'UInt8', 3]), values: { a: 0x201, c: 3 } },
    { bytes: blockOf(['a', 'UInt32', 1, 2, 3, 4], ['c', 'UInt8', 5]), values: { a: 0x4030201, c: 5 } },
    { bytes: blockOf(['c', 'UInt8', 5], ['a', 'UInt16', 1, 2]), values: { c: 5, a: 0x201 } },
    { bytes: blockOf(['a', 'UInt16', 1, 2]), values: { a: 0x201 } },
  ];
  for (const { bytes, values } of [...answers, ...answers]) {
    for (let cut = 0; cut < bytes.length; cut++) {
      const parser = new BlockParser();
      const blocks = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))];
      const found = blocks.map((block) =>
        Object.fromEntries(block.names.map((name) => [name, block.column(name).at(0)])),
      );
      expect(found).toEqual([values]);
    }
  }
});
