import { plainEngine } from './plain-engine.js';

const CLAUSES =
  'PARTITION BY toYYYYMM(timestamp) ORDER BY (symbol, timestamp) SETTINGS index_granularity = 8192';

it.each([
  [
    "ReplicatedReplacingMergeTree('/tables/{uuid}/{shard}', '{replica}', written_at)",
    'ReplacingMergeTree(written_at)',
  ],
  ["ReplicatedMergeTree('/tables/it\\'s/{shard}', '{replica}')", 'MergeTree()'],
  ['ReplicatedReplacingMergeTree(written_at)', 'ReplacingMergeTree(written_at)'],
  ['ReplacingMergeTree(written_at)', 'ReplacingMergeTree(written_at)'],
  ['MergeTree', 'MergeTree'],
])('%s becomes %s', (engine, plain) => {
  expect(plainEngine(`${engine} ${CLAUSES}`)).toBe(`${plain} ${CLAUSES}`);
});

it.each(["Distributed('cluster', 'db', 'market_data')", 'View', 'Null', ''])(
  '%s keeps no parts',
  (engine) => {
    expect(plainEngine(engine)).toBeUndefined();
  },
);
