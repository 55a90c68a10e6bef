/** Process that appends to a journal until it is killed, and prints each id when it is acknowledged. */
import { printLine } from '@quantumtrade/dal-testing';
import { openJournal } from '../journal.js';
import { payloadOf } from './payload-of.js';

const [directory = '', prefix = ''] = process.argv.slice(2);
const journal = await openJournal({ directory, segmentBytes: 64 * 1024 });
let next = 0;
const callers = Array.from({ length: 8 }, async () => {
  for (;;) {
    const id = `${prefix}:${next++}`;
    await journal.append(id, payloadOf(id));
    printLine(id);
  }
});
await Promise.all(callers);
