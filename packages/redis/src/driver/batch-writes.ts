import type { Redis } from 'ioredis';

/** Length at which a batch is written, so that the server starts while further commands are encoded. */
const MAX_BATCH_LENGTH = 1_024;

/**
 * Writes the first command of each turn of the event loop immediately, and the other commands of that turn in batches. The
 * driver writes each command separately, which is most of a command's cost. Commands that are still batched when the connection
 * ends are not sent.
 */
export function batchWrites(connection: Redis): void {
  connection.on('connect', () => {
    const { stream } = connection;
    const write = stream.write.bind(stream) as (chunk: unknown) => boolean;
    let isFirst = true;
    let batch: string[] = [];
    let length = 0;
    const flush = () => {
      const text = batch.join('');
      batch = [];
      length = 0;
      if (text !== '' && stream.writable) write(text);
    };
    const endTurn = () => {
      isFirst = true;
      flush();
    };
    stream.write = (chunk: unknown) => {
      if (typeof chunk !== 'string') {
        flush();
        return write(chunk);
      }
      if (isFirst) {
        isFirst = false;
        process.nextTick(endTurn);
        return write(chunk);
      }
      batch.push(chunk);
      length += chunk.length;
      if (length >= MAX_BATCH_LENGTH) flush();
      return true;
    };
  });
}
