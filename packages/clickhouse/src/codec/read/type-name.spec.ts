import { parseTypeName } from './type-name.js';

/** `Map(String, Nullable(UInt8))` as `['Map', ['String'], ['Nullable', ['UInt8']]]`. */
type Tree = readonly [name: string, ...parameters: Tree[]];

const treeOf = ({ name, parameters }: ReturnType<typeof parseTypeName>): Tree => [
  name,
  ...parameters.map(treeOf),
];

it.each<[string, Tree]>([
  ['UInt8', ['UInt8']],
  ['Decimal(18, 8)', ['Decimal', ['18'], ['8']]],
  ["DateTime64(3, 'UTC')", ['DateTime64', ['3'], ["'UTC'"]]],
  ['Map(String, Nullable(UInt8))', ['Map', ['String'], ['Nullable', ['UInt8']]]],
  ['Array(Map(String, Array(Float64)))', ['Array', ['Map', ['String'], ['Array', ['Float64']]]]],
  ["Enum8('a,(' = 1, 'b\\')' = 2)", ['Enum8', ["'a,(' = 1"], ["'b\\')' = 2"]]],
  ['Tuple(a UInt8, b Array(String))', ['Tuple', ['a UInt8'], ['b Array', ['String']]]],
  ['Nothing()', ['Nothing']],
  ['', ['']],
  ['Array(', ['Array(']],
  ['Array(UInt8', ['Array(UInt8']],
  ['UInt8)', ['UInt8)']],
])('takes %s apart', (text, tree) => {
  const type = parseTypeName(text);
  expect(treeOf(type)).toEqual(tree);
  expect(type.text).toBe(text);
});

it('refuses types nested too deeply', () => {
  const nested = (depth: number) => `${'Array('.repeat(depth)}UInt8${')'.repeat(depth)}`;
  expect(parseTypeName(nested(32)).text).toBe(nested(32));
  expect(() => parseTypeName(nested(33))).toThrow('types are nested more than 32 deep');
  expect(() => parseTypeName(nested(100_000))).toThrow('types are nested more than 32 deep');
});
