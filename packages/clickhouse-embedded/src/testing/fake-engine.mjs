/** In place of the engine: its arguments are a file with a letter for each start, which it takes one of, and the ports file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [fates, ports] = JSON.parse(line).args;
    const [fate, ...rest] = readFileSync(fates, 'utf8');
    writeFileSync(fates, rest.join(''));
    if (fate !== 'f') writeFileSync(ports, `1\t${process.pid}\n`);
    if (fate !== 's') setTimeout(() => process.kill(process.pid, 'SIGKILL'), fate === 'f' ? 0 : 60);
  })
  .on('close', () => process.exit());
