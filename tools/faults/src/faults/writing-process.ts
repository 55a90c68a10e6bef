/** A process that writes numbered rows until it is killed, and prints the numbers of each batch once it is acknowledged. */
import { writeSync } from 'node:fs';
import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-journal/testing/random';
import { Feed } from './feed.js';
import { openDatabase, RETRY } from './mortal-server.js';

const [url = '', directory = '', durability = '', first = '', seed = ''] = process.argv.slice(2);
const database = openDatabase(url, directory, durability as Durability);
const writer = await database.batchWriter({ retry: RETRY });
const feed = new Feed(writer, new Random(Number(seed)), {
  first: Number(first),
  onAcknowledged: (numbers) => void writeSync(1, `${numbers.join(' ')}\n`),
});
await feed.run(() => false);
