import { Random, seeds } from './random.js';

it('equal seeds give equal sequences', () => {
  const sequence = (seed: number) => {
    const random = new Random(seed);
    return [random.next(), random.below(1_000), random.chance(0.5), random.bytes(4).toString('hex')];
  };
  expect(sequence(7)).toEqual(sequence(7));
  expect(sequence(7)).not.toEqual(sequence(8));
});

it('random numbers stay in their range', () => {
  const random = new Random(1);
  const numbers = Array.from({ length: 1_000 }, () => random.below(10));
  expect([Math.min(...numbers), Math.max(...numbers)]).toEqual([0, 9]);
  expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
});

it('seeds begin with QT_SEED and count QT_RUNS', () => {
  const { QT_SEED, QT_RUNS } = process.env;
  delete process.env['QT_SEED'];
  delete process.env['QT_RUNS'];
  expect(seeds(3)).toEqual([1, 2, 3]);
  Object.assign(process.env, { QT_SEED: '40', QT_RUNS: '2' });
  expect(seeds(3)).toEqual([40, 41]);
  delete process.env['QT_SEED'];
  delete process.env['QT_RUNS'];
  Object.assign(process.env, { ...(QT_SEED && { QT_SEED }), ...(QT_RUNS && { QT_RUNS }) });
});
