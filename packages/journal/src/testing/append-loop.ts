/** A process that appends to the journal named until it is killed, and prints each id once it is acknowledged. */
import { writeSync } from 'node:fs';
import { openJournal } from '../journal.js';
import { payloadOf } from './payload-of.js';

const [directory = '', prefix = ''] = process.argv.slice(2);
const journal = await openJournal({ directory, segmentBytes: 64 * 1024 });
let next = 0;
const callers = Array.from({ length: 8 }, async () => {
  for (;;) {
    const id = `${prefix}:${next++}`;
    await journal.append(id, payloadOf(id));
    writeSync(1, `${id}\n`);
  }
});
await Promise.all(callers);
