import type { Redis } from 'ioredis';
import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/clients.js';

/** Shows every connection of a client before it is used: its only one or, of a cluster, those of all nodes that come. */
export function eachConnection(client: RedisClient, see: (connection: Redis) => void): void {
  if (client instanceof Cluster) client.on('+node', see);
  else see(client);
}

/**
 * Has a connection take its errors for what they are, the ends of attempts. A socket may tell of a refused certificate twice;
 * the driver listens once, and the second time would end the process.
 */
export function bearErrors(connection: Redis): void {
  connection.on('error', () => {
    const { stream } = connection;
    if (stream && !stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  });
}

const ignore = () => undefined;

/** Ends a connection that a server took but does not let get ready in the time it may take to open; nothing else would. */
export function limitHandshake(connection: Redis): void {
  let timer: NodeJS.Timeout | undefined;
  connection.on('connect', () => {
    timer = setTimeout(() => connection.disconnect(true), connection.options.connectTimeout);
  });
  for (const event of ['ready', 'close', 'end']) connection.on(event, () => clearTimeout(timer));
}

/** Enough for the server to go on with, while others are being composed. */
const LENGTH_AT_ONCE = 1_024;

/**
 * Has the first command of a turn of the event loop go out at once, and the others of that turn as few texts. The driver
 * writes each by itself, which is most of what a command costs. What is not sent yet when the connection ends is not sent
 * any more.
 */
export function gatherWrites(connection: Redis): void {
  connection.on('connect', () => {
    const { stream } = connection;
    const write = stream.write.bind(stream) as (chunk: unknown) => boolean;
    let isFirst = true;
    let gathered: string[] = [];
    let length = 0;
    const send = () => {
      const text = gathered.join('');
      gathered = [];
      length = 0;
      if (text !== '' && stream.writable) write(text);
    };
    const endTurn = () => {
      isFirst = true;
      send();
    };
    stream.write = (chunk: unknown) => {
      if (typeof chunk !== 'string') {
        send();
        return write(chunk);
      }
      if (isFirst) {
        isFirst = false;
        process.nextTick(endTurn);
        return write(chunk);
      }
      gathered.push(chunk);
      length += chunk.length;
      if (length >= LENGTH_AT_ONCE) send();
      return true;
    };
  });
}
