import { findDivergentPaths } from './keeper-paths.js';

it('copies of a shard whose paths differ are named', () => {
  const server = (name: string, shard: string, path: string) => ({
    server: { name, shard },
    answer: new Map([['bars', path]]),
  });
  const servers = [
    server('a', '1', '/x'),
    server('b', '1', '/x'),
    server('c', '1', '/y'),
    server('d', '2', '/z'),
  ];
  expect(findDivergentPaths(servers)).toEqual([
    { object: 'c: table bars', problem: 'path in Keeper is /y, that of a is /x' },
  ]);
});
