import type { Child } from '@quantumtrade/dal-journal/testing/child';
import { startChild } from '@quantumtrade/dal-journal/testing/child';
import { MortalRedis } from './cache/mortal-redis.js';
import type { Stampede } from './cache/stampeding-process.js';
import { PLAN } from './plan.js';

const SCRIPT = new URL('./cache/stampeding-process.ts', import.meta.url).href;
const { stampedeProcesses, stampedeCallers, stampedeRounds } = PLAN;

let server: MortalRedis;
let children: Child[] = [];
beforeEach(async () => {
  server = await MortalRedis.start();
});
afterEach(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await server.die();
});

/** By round, what became of its key in each process. */
async function stampedes(onceInCluster: boolean): Promise<Stampede[][]> {
  const orders = [server.url, stampedeProcesses, stampedeCallers, stampedeRounds, onceInCluster].map(String);
  children = Array.from({ length: stampedeProcesses }, () => startChild(SCRIPT, ...orders));
  const outputs = await Promise.all(children.map(({ output }) => output));
  const found = outputs.map((output) => JSON.parse(output) as Stampede[]);
  return Array.from({ length: stampedeRounds }, (_, round) => found.map((rounds) => rounds[round]!));
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

it('each process loads a missing key once at most, however many callers want it at the same time', async () => {
  for (const processes of await stampedes(false)) {
    const loads = processes.map((each) => each.loads);
    expect(Math.max(...loads)).toBe(1);
    const loaded = Array.from({ length: sum(loads) }, (_, i) => i + 1);
    for (const { values } of processes) expect(loaded).toEqual(expect.arrayContaining([...values]));
    const [stored] = processes.map(({ afterwards }) => afterwards);
    expect(loaded).toContain(stored);
    expect(processes.map(({ afterwards }) => afterwards)).toEqual(loads.map(() => stored));
  }
});

it('where it is asked for, one process loads a missing key and gives it to the callers of all', async () => {
  for (const processes of await stampedes(true)) {
    expect(sum(processes.map(({ loads }) => loads))).toBe(1);
    for (const { values, afterwards } of processes) {
      expect(values).toEqual([1]);
      expect(afterwards).toBe(1);
    }
  }
});
