import type { Redis } from 'ioredis';
import { FailureError, NO_REPLY } from '../connection/failures.js';
import { REDIS_SETTINGS } from '../settings.js';
import { ReplyFraming } from './reply-framing.js';

/** Size limit of one reply where the settings give none. */
export const MAX_REPLY_BYTES = REDIS_SETTINGS.maxReplyBytes.default;

/** What is used of the driver's connection beside its interface. Its own parser ends connections in the same way. */
interface EndsWithError {
  recoverFromFatalError(commandError: Error, error: Error): void;
}

/**
 * Has a connection end when its server sends what is no reply, has no end, or answers nothing that was asked: the calls under way
 * fail, and another connection is opened. The driver would crash the process on some of it, and keep all of it.
 */
export function guardReplies(connection: Redis, maxBytes: number = MAX_REPLY_BYTES): void {
  connection.on('connect', () => {
    const { stream } = connection;
    const framing = new ReplyFraming({ maxBytes });
    const listeners = stream.listeners('data') as ((chunk: Buffer) => void)[];
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      const error = new FailureError(NO_REPLY);
      (connection as unknown as EndsWithError).recoverFromFatalError(error, error);
      stream.destroy();
    };
    const onUnasked = (error: Error) => {
      if (/^Command queue state error/.test(error.message)) end();
    };
    stream.removeAllListeners('data');
    stream.on('data', (chunk: Buffer) => {
      if (isOver) return;
      if (!framing.accept(chunk)) return end();
      try {
        for (const listener of listeners) listener.call(stream, chunk);
      } catch {
        end();
      }
    });
    connection.on('error', onUnasked);
    stream.once('close', () => connection.off('error', onUnasked));
  });
}
