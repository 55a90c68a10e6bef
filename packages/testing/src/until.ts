import { sleep } from '@quantumtrade/dal-runtime';

const POLL_MS = 20;

/** Polls until the condition holds. Without a limit of its own: the test runner ends a test that waits in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(POLL_MS);
}
