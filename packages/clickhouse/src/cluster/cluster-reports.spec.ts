import type { SchemaStep } from '@quantumtrade/dal-domain';
import { mergePlans, mergePreviews, mergeStatuses } from './cluster-reports.js';
import type { ClusterServer } from './cluster-server.js';

const server = (name: string, shard: string) => ({ name, shard }) as ClusterServer;
const SERVERS = [server('a', '1'), server('b', '1'), server('c', '2')];
const answersOf = <T>(...answers: T[]) => ({
  answered: answers.map((answer, index) => ({ server: SERVERS[index]!, answer })),
  unreachable: [],
});

it('losses count one copy of each shard and the bytes of all', () => {
  const preview = (rows: number, bytes: number) => ({
    ...{ from: 2, to: 1, isNew: false },
    losses: [{ object: 'table t', change: 'is dropped', rows, bytes }],
  });
  const { losses } = mergePreviews(answersOf(preview(5, 50), preview(4, 40), preview(7, 70)));
  expect(losses).toEqual([{ object: 'table t', change: 'is dropped', rows: 12, bytes: 160 }]);
});

it('steps have the rows of all shards that still write them', () => {
  const step: Omit<SchemaStep, 'phase'> = {
    ...{ version: 1, name: 'm', direction: 'up', statement: 's', blocks: 'nothing waits', losses: [] },
  };
  const plans = answersOf<SchemaStep[]>(
    [{ ...step, phase: 'expand' }],
    [{ ...step, phase: 'expand' }],
    [{ ...step, phase: 'backfill', rewrites: { rows: 7, bytes: 70 } }],
  );
  expect(mergePlans(plans.answered)).toEqual([
    { ...step, phase: 'backfill', rewrites: { rows: 7, bytes: 70 } },
  ]);
});

it('status has as applied what is applied everywhere, at the latest time', () => {
  const status = (...times: number[]) => ({
    ...{ version: times.length, newest: 2, unfinished: [], pending: [] },
    applied: times.map((time, index) => ({ version: index + 1, appliedAt: new Date(time) })),
  });
  const migrations = [1, 2].map((version) => ({
    version,
    name: `m${version}`,
    checksum: '',
    up: [],
    down: [],
  }));
  expect(mergeStatuses(answersOf(status(1, 2), status(3), status(2, 4)), migrations)).toMatchObject({
    version: 1,
    applied: [{ version: 1, appliedAt: new Date(3) }],
    pending: [{ version: 2, name: 'm2' }],
    servers: [{ version: 2 }, { version: 1 }, { version: 2 }],
  });
});
