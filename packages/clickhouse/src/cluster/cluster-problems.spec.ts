import { findProblems, type ClusterView } from './cluster-problems.js';

const COPIES = [
  { name: 'a', shard: '1' },
  { name: 'b', shard: '1' },
  { name: 'c', shard: '2' },
];
const REPLICAS = ['x', 'y', 'x'];

/** Returns the problems of a cluster of two shards, in which one server has a different view. */
function problemsWith(
  changed: number,
  view: Partial<ClusterView>,
  copies: 'replicated' | 'written' = 'replicated',
) {
  const answered = COPIES.map((server, index) => {
    const usual = {
      shards: 2,
      places: ['1', '1', '2'],
      ownShard: undefined,
      macros: { shard: `0${server.shard}`, replica: REPLICAS[index]! },
    };
    return { server, answer: index === changed ? { ...usual, ...view } : usual };
  });
  const layout = [{ from: '', shards: 2 }];
  const endpoints = COPIES.map(({ shard }) => shard);
  return findProblems({ name: 'bars', copies, quorum: 'majority', layout }, answered, endpoints).map(
    ({ server, problem }) => `${server}: ${problem}`,
  );
}

it.each<[Partial<ClusterView>, string[]]>([
  [{}, []],
  [{ ownShard: 2 }, []],
  [{ shards: 0 }, ['c: the cluster bars is not in its remote_servers']],
  [{ shards: 1 }, ['c: the cluster bars has 1 shards, and the layout needs 2']],
  [{ shards: 3 }, ['c: the cluster bars has 3 shards, and the endpoints are of 2']],
  [{ ownShard: 1 }, ['c: is of shard 1 of the cluster bars, and of shard 2 in the endpoints']],
  [{ macros: { shard: '02' } }, ['c: has no macro {replica}']],
  [
    { macros: { shard: '01', replica: 'z' } },
    ['c: has the macro {shard} of a, 01', 'c: has the macro {shard} of b, 01'],
  ],
])('view of a server is compared with the configuration: %j', (view, expected) => {
  expect(problemsWith(2, view)).toEqual(expected);
});

it.each<[Partial<ClusterView>, string[]]>([
  [{ macros: { shard: '01', replica: 'x' } }, ['b: has the macro {replica} of a, x']],
  [{ macros: { shard: '03', replica: 'y' } }, ['b: has another macro {shard} than a, 03']],
])('copies of a shard differ in their macro {replica} alone: %j', (view, expected) => {
  expect(problemsWith(1, view)).toEqual(expected);
  expect(problemsWith(1, view, 'written')).toEqual([]);
});

it('copy that is read and not written is named', () => {
  const view = { places: ['1', '1', '2', '2'] };
  expect(problemsWith(0, view, 'written')).toEqual([
    'a: reads 2 copies of shard 2, and the endpoints have 1, which alone get rows',
  ]);
  expect(problemsWith(0, view, 'replicated')).toEqual([]);
  expect(problemsWith(0, { places: ['1', '2'] }, 'written')).toEqual([]);
});
