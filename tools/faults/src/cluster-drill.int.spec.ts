import { PLAN, SEED } from './plan.js';
import { drill } from './recovery/drill.js';
import { LosableCluster } from './recovery/losable-servers.js';
import { NOTHING_WRONG } from './recovery/write-log.js';

const rounds = Array.from({ length: PLAN.clusterDisasters }, (_, n) => SEED + n);

it.each(rounds)('restores acknowledged writes after a loss of all shards, QT_SEED=%i', async (seed) => {
  const { findings, doubled, restoredCount } = await drill(() => LosableCluster.start(), seed);
  expect(findings).toEqual(NOTHING_WRONG);
  expect(doubled).toEqual([]);
  expect(restoredCount).toBeGreaterThan(0);
});
