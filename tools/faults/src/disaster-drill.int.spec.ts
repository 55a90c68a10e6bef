import { PLAN, SEED } from './plan.js';
import { drill } from './recovery/drill.js';
import { LosableEngine } from './recovery/losable-servers.js';
import { NOTHING_WRONG } from './recovery/write-log.js';

const rounds = Array.from({ length: PLAN.disasters }, (_, n) => SEED + n);

it.each(rounds)('restores acknowledged writes after a loss of the engine, QT_SEED=%i', async (seed) => {
  const { findings, doubled, restoredCount } = await drill(
    (directory) => LosableEngine.start(directory),
    seed,
  );
  expect(findings).toEqual(NOTHING_WRONG);
  expect(doubled).toEqual([]);
  expect(restoredCount).toBeGreaterThan(0);
});
