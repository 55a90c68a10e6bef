/** Process that writes numbered rows until it is killed, and prints the numbers of each acknowledged batch. */
import type { Durability } from '@quantumtrade/dal';
import { printLine, Random } from '@quantumtrade/dal-testing';
import { CheckedWriter } from './checked-writer.js';
import { connectDatabase, RETRY } from './killable-server.js';

const [url = '', directory = '', durability = '', first = '', seed = ''] = process.argv.slice(2);
const database = connectDatabase(url, directory, durability as Durability);
const writer = await database.batchWriter({ retry: RETRY });
const feed = new CheckedWriter(writer, new Random(Number(seed)), {
  first: Number(first),
  onAcknowledged: (numbers) => printLine(numbers.join(' ')),
});
await feed.run(() => false);
