/** A process that writes numbered rows until it is killed, and prints the numbers of each batch once it is acknowledged. */
import type { Durability } from '@quantumtrade/dal';
import { printLine, Random } from '@quantumtrade/dal-testing';
import { Feed } from './feed.js';
import { openDatabase, RETRY } from './killable-server.js';

const [url = '', directory = '', durability = '', first = '', seed = ''] = process.argv.slice(2);
const database = openDatabase(url, directory, durability as Durability);
const writer = await database.batchWriter({ retry: RETRY });
const feed = new Feed(writer, new Random(Number(seed)), {
  first: Number(first),
  onAcknowledged: (numbers) => printLine(numbers.join(' ')),
});
await feed.run(() => false);
