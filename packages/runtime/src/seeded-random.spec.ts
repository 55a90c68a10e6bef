import { SeededRandom } from './seeded-random.js';

const numbers = (seed: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: 1_000 }, () => random.next());
};

it('next returns equal sequences for equal seeds only', () => {
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(7)).not.toEqual(numbers(8));
});

it('next returns numbers spread from 0 to less than 1', () => {
  const drawn = numbers(1);
  expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
  const tenths = new Set(drawn.map((number) => Math.floor(number * 10)));
  expect(tenths.size).toBe(10);
});
