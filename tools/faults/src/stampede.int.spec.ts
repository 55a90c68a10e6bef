import { type Child, startChild } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import type { Stampedes } from './cache/stampede-process.js';
import { PLAN } from './plan.js';

const SCRIPT = new URL('./cache/stampede-process.ts', import.meta.url);
const { stampedeProcesses, stampedeCallers, stampedeRounds } = PLAN;

let server: RedisProcess;
let children: Child[] = [];
let stampedes: Stampedes[];
beforeAll(async () => {
  server = await RedisProcess.start();
  const orders = [server.url, stampedeProcesses, stampedeCallers, stampedeRounds].map(String);
  children = await Promise.all(
    Array.from({ length: stampedeProcesses }, () => startChild(SCRIPT, ...orders)),
  );
  const outputs = await Promise.all(children.map(({ output }) => output));
  stampedes = outputs.map((output) => JSON.parse(output) as Stampedes);
}, 900_000);
afterAll(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await server.kill();
});

/** Returns the results of all processes by round. */
const rounds = (mode: keyof Stampedes) =>
  Array.from({ length: stampedeRounds }, (_, round) => stampedes.map((found) => found[mode][round]!));
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

it('each process loads a missing key once for all its callers', () => {
  for (const processes of rounds('apart')) {
    const loads = processes.map((each) => each.loads);
    expect(Math.max(...loads)).toBe(1);
    const loaded = Array.from({ length: sum(loads) }, (_, i) => i + 1);
    for (const { values } of processes) expect(loaded).toEqual(expect.arrayContaining([...values]));
    const [stored] = processes.map(({ afterwards }) => afterwards);
    expect(loaded).toContain(stored);
    expect(processes.map(({ afterwards }) => afterwards)).toEqual(loads.map(() => stored));
  }
});

it('with onceInCluster one process loads a missing key for all', () => {
  for (const processes of rounds('together')) {
    expect(sum(processes.map(({ loads }) => loads))).toBe(1);
    for (const { values, afterwards } of processes) {
      expect(values).toEqual([1]);
      expect(afterwards).toBe(1);
    }
  }
});
