import fc from 'fast-check';
import type { KeyspaceOptions } from './options.js';
import type { Fate, SimulationStep } from './testing/simulation.js';
import { TwoProcessSimulation } from './testing/simulation.js';
import { settled } from './testing/cluster.js';

const seed = Number(process.env['QT_SEED'] ?? Date.now() % 1_000_000);
const numRuns = Number(process.env['QT_RUNS'] ?? 300);

const by = fc.constantFrom(0 as const, 1 as const);
const key = fc.constantFrom(0, 0, 0, 0, 0, 1);
const readings = ['get', 'getMany', 'getOrLoad', 'getOrLoad', 'peek'] as const;
const step: fc.Arbitrary<SimulationStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      how: fc.constantFrom(...readings),
      by,
      key,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      how: fc.constantFrom('set' as const, 'delete' as const, 'deleteWhere' as const),
      by: fc.constantFrom(0 as const, 1 as const, 'foreign' as const),
      key,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), by }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, 260, 900, 2_000) }),
  },
);

type SimulationOptions = KeyspaceOptions & { readonly reportsOwnStores: boolean };

const options: fc.Arbitrary<SimulationOptions> = fc.record({
  reportsOwnStores: fc.boolean(),
  stalenessMs: fc.constantFrom(0, 0, 400),
  staleWhileRevalidateMs: fc.constantFrom(0, 500),
  eagerRefreshAt: fc.constantFrom(1, 0.3),
  onceInCluster: fc.boolean(),
  loadTimeoutMs: fc.constant(1_000),
});

/** Far more passes than any run takes. */
const MAX_PASSES = 5_000;

/** Runs the steps of each actor in order, concurrently with those of the others, until nothing is under way. */
async function play(
  s: fc.Scheduler,
  actors: SimulationStep[][],
  fates: Fate[],
  chosen: SimulationOptions,
): Promise<void> {
  let calls = 0;
  const nextFate = () => fates[calls++] ?? 'answered';
  const schedule = (label: string) => s.schedule(Promise.resolve(), label);
  const simulation = new TwoProcessSimulation(schedule, nextFate, chosen);
  let isOver = false;
  const release = async (work: Promise<unknown>) => {
    isOver = false;
    work.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    for (let passes = 0; !isOver || s.count() > 0; passes++) {
      if (passes > MAX_PASSES) throw new Error('does not end');
      await settled();
      if (s.count() > 0) await s.waitNext(1);
      else simulation.pass();
    }
    await work;
  };
  await settled();
  const follow = async (steps: SimulationStep[]) => {
    for (const each of steps) await schedule(JSON.stringify(each)).then(() => simulation.run(each));
  };
  await simulation.begin();
  await release(Promise.all(actors.map(follow)));
  await release(simulation.requireCoherence());
}

beforeAll(() => {
  process.stderr.write(`QT_SEED=${seed}\n`);
});

const actors = fc.array(fc.array(step, { maxLength: 6, size: 'max' }), {
  minLength: 2,
  maxLength: 6,
  size: 'max',
});

it('never serves a value older than its bound', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), actors, options, (s, each, chosen) => play(s, each, [], chosen)),
    { seed, numRuns },
  );
}, 3_600_000);

it('never serves an older value when calls are lost or hang', async () => {
  const fate = fc.constantFrom<Fate[]>('answered', 'answered', 'answered', 'lost', 'unanswered', 'hung');
  const fates = fc.array(fate, { maxLength: 40 });
  await fc.assert(fc.asyncProperty(fc.scheduler(), actors, fates, options, play), { seed, numRuns });
}, 3_600_000);
