/** Fake engine. Its arguments are a file with one letter for the outcome of each start, and the ports file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [outcomes, ports] = JSON.parse(line).args;
    const [outcome, ...rest] = readFileSync(outcomes, 'utf8');
    writeFileSync(outcomes, rest.join(''));
    if (outcome !== 'f') writeFileSync(ports, `1\t${process.pid}\n`);
    if (outcome !== 's') setTimeout(() => process.kill(process.pid, 'SIGKILL'), outcome === 'f' ? 0 : 60);
  })
  .on('close', () => process.exit());
