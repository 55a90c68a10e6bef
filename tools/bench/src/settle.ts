import { setTimeout as delay } from 'node:timers/promises';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BenchServer } from './server.js';
import { sized } from './sized.js';

const MERGES_END_WITHIN_MS = sized(10_000, 0);

v8.setFlagsFromString('--expose-gc');
export const collectGarbage = sized(runInNewContext('gc') as () => void, () => undefined);

/**
 * Lets go what was left by what ran before, so that no side pays for another: waits for the server's background merges, for
 * a bounded time, and collects this process's garbage.
 */
export async function settleServer(server: BenchServer): Promise<void> {
  const end = performance.now() + MERGES_END_WITHIN_MS;
  while ((await server.number('SELECT count() FROM system.merges')) > 0 && performance.now() < end) {
    await delay(20);
  }
  collectGarbage();
}
