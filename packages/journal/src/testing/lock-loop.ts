/** A process that takes and leaves a directory's lock for a while, and prints `both` if another had it meanwhile. */
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeFileSystem } from '@quantumtrade/dal-runtime/fs';

const [directory = '', rounds = '', end = ''] = process.argv.slice(2);
const marker = join(directory, 'held');
for (let taken = 0; taken < Number(rounds);) {
  const lock = await nodeFileSystem.lock(directory).catch(() => undefined);
  if (!lock) continue;
  taken++;
  try {
    writeFileSync(marker, String(process.pid), { flag: 'wx' });
    await delay(Math.random() * 3);
    unlinkSync(marker);
  } catch {
    process.stdout.write('both\n');
  }
  if (end === 'die' && taken === Number(rounds)) process.kill(process.pid, 'SIGKILL');
  await lock.release();
}
process.stdout.write('done\n');
