import type { Redis } from 'ioredis';
import { Cluster } from 'ioredis';
import { batchWrites } from './batch-writes.js';
import { guardReplies } from './guard-replies.js';

/** Patches every connection of a client, in a cluster also those to nodes that join later. */
export function patchClient(client: Redis | Cluster, maxReplyBytes?: number): void {
  if (client instanceof Cluster) client.on('+node', (node: Redis) => patchConnection(node, maxReplyBytes));
  else patchConnection(client, maxReplyBytes);
}

/** Adds to a connection of the driver the behavior that the driver lacks. Call it before the connection opens. */
export function patchConnection(connection: Redis, maxReplyBytes?: number): void {
  swallowErrors(connection);
  batchWrites(connection);
  limitHandshake(connection);
  guardReplies(connection, maxReplyBytes);
}

/**
 * Ignores the error events of a connection and of its socket; calls fail by their own promises. A socket may report a refused
 * certificate twice, the driver listens once, and the second event would end the process.
 */
export function swallowErrors(connection: Redis): void {
  connection.on('error', () => {
    const { stream } = connection;
    if (stream && !stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  });
}

const ignore = () => undefined;

/** Closes a connection that does not become ready within `connectTimeout` after the server accepted it. */
export function limitHandshake(connection: Redis): void {
  let timer: NodeJS.Timeout | undefined;
  connection.on('connect', () => {
    timer = setTimeout(() => connection.disconnect(true), connection.options.connectTimeout);
  });
  for (const event of ['ready', 'close', 'end']) connection.on(event, () => clearTimeout(timer));
}
