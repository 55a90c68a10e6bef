import { compare, engineClauses, type Snapshot } from '../schema/drift.js';
import { REPLICATED } from './replicated-form.js';

const tableOf = (engine: string): Snapshot =>
  new Map([
    ['table t', { table: 't', properties: engineClauses(engine) }],
    ['column t.a', { table: 't', properties: { type: 'UInt8' } }],
  ]);
const PLAIN = 'ReplacingMergeTree(a) ORDER BY a SETTINGS non_replicated_deduplication_window = 7';
const PATH = "'/clickhouse/tables/{shard}/d/first_name/0001_up', '{replica}'";

/** Returns the drift of a table with this engine from one that the migrations make with another engine. */
const driftOf = (stored: string, made = PLAIN) =>
  compare(REPLICATED.expected(tableOf(made)), REPLICATED.stored(tableOf(stored))).map(
    ({ problem }) => problem,
  );

it('replicated table is as its migrations make it, whatever its path', () => {
  const window = 'replicated_deduplication_window = 7, replicated_deduplication_window_seconds = 31536000';
  expect(driftOf(`ReplicatedReplacingMergeTree(${PATH}, a) ORDER BY a SETTINGS ${window}`)).toEqual([]);
  expect(driftOf(`ReplicatedMergeTree(${PATH}) ORDER BY a`, 'MergeTree ORDER BY a')).toEqual([]);
});

it('table that is not replicated, or otherwise, has drifted', () => {
  expect(driftOf('MergeTree ORDER BY a', 'MergeTree ORDER BY a')).toEqual([
    'engine is MergeTree, expected ReplicatedMergeTree',
  ]);
  expect(
    driftOf(`ReplicatedReplacingMergeTree(${PATH}, b) ORDER BY a`, 'ReplacingMergeTree(a) ORDER BY a'),
  ).toEqual(['engine is ReplicatedReplacingMergeTree(b), expected ReplicatedReplacingMergeTree(a)']);
});
