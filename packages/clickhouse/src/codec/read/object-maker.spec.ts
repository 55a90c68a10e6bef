import { compileObjectMaker } from './object-maker.js';

const names = ['a', 'b c', 'constructor', "quote's"];
const columns = [Float64Array.of(1.5, 2.5), ['x', 'y', 'z'], ['p', 'q', 'r'], Uint8Array.of(7, 8)];

const expected = [
  { a: 1.5, 'b c': 'y', constructor: 'q', "quote's": 7 },
  { a: 2.5, 'b c': 'z', constructor: 'r', "quote's": 8 },
];

it('appends the objects of a range of rows', () => {
  const objects: object[] = [{ first: true }];
  compileObjectMaker(names, columns)(objects, columns, 1, 3);
  expect(objects).toEqual([{ first: true }, ...expected]);
});

it('makes the same objects where strings may not be compiled', () => {
  const { Function: compiler } = globalThis;
  let make;
  try {
    globalThis.Function = (() => {
      throw new EvalError('code generation from strings is disallowed');
    }) as unknown as FunctionConstructor;
    make = compileObjectMaker(names, columns);
  } finally {
    globalThis.Function = compiler;
  }
  const objects: object[] = [];
  make(objects, columns, 1, 3);
  expect(objects).toEqual(expected);
  expect(make.toString()).not.toContain('Maker');
});
