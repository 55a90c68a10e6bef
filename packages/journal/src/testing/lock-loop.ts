/** Process that acquires and releases a directory's lock, and prints `both` if another process held it at the same time. */
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '@quantumtrade/dal-runtime';
import { nodeFileSystem } from '@quantumtrade/dal-runtime/fs';

const [directory = '', rounds = '', end = ''] = process.argv.slice(2);
const marker = join(directory, 'held');
for (let acquired = 0; acquired < Number(rounds);) {
  const lock = await nodeFileSystem.lock(directory).catch(() => undefined);
  if (!lock) continue;
  acquired++;
  try {
    writeFileSync(marker, String(process.pid), { flag: 'wx' });
    await sleep(Math.random() * 3);
    unlinkSync(marker);
  } catch {
    process.stdout.write('both\n');
  }
  if (end === 'die' && acquired === Number(rounds)) process.kill(process.pid, 'SIGKILL');
  await lock.release();
}
process.stdout.write('done\n');
