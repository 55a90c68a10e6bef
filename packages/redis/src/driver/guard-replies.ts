import type { Redis } from 'ioredis';
import { FailureError, UNEXPECTED_REPLY } from '../failures.js';
import { REDIS_SETTINGS } from '../settings.js';
import { ReplyFraming } from './reply-framing.js';

const DEFAULT_MAX_REPLY_BYTES: number = REDIS_SETTINGS.maxReplyBytes.default;

/** Internal method of the driver's connection, with which its parser ends connections too. */
interface DriverInternals {
  recoverFromFatalError(commandError: Error, error: Error): void;
}

/**
 * Closes a connection whose server sends a malformed, oversized or unrequested reply: the running calls fail and the client
 * reconnects. Without it the driver buffers such replies without limit, and some of them end the process.
 */
export function guardReplies(connection: Redis, maxBytes = DEFAULT_MAX_REPLY_BYTES): void {
  connection.on('connect', () => {
    const { stream } = connection;
    const framing = new ReplyFraming({ maxBytes });
    const listeners = stream.listeners('data') as ((chunk: Buffer) => void)[];
    let isClosed = false;
    const close = () => {
      if (isClosed) return;
      isClosed = true;
      const error = new FailureError(UNEXPECTED_REPLY);
      (connection as unknown as DriverInternals).recoverFromFatalError(error, error);
      stream.destroy();
    };
    const closeIfUnrequested = (error: Error) => {
      if (/^Command queue state error/.test(error.message)) close();
    };
    stream.removeAllListeners('data');
    stream.on('data', (chunk: Buffer) => {
      if (isClosed) return;
      if (!framing.accept(chunk)) return close();
      try {
        for (const listener of listeners) listener.call(stream, chunk);
      } catch {
        close();
      }
    });
    connection.on('error', closeIfUnrequested);
    stream.once('close', () => connection.off('error', closeIfUnrequested));
  });
}
