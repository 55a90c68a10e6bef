import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/redis-client.js';
import { FailureError, UNEXPECTED_REPLY } from '../failures.js';
import { runForEachKey, type Script } from './scripts.js';

interface ScriptCall {
  readonly script: Script;
  readonly key: string;
  readonly args: readonly (string | number)[];
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** Largest batch, so that other clients hardly wait for it. */
const MAX_BATCH_CALLS = 50;
/** Length of all arguments at which a batch is sent. */
const MAX_BATCH_LENGTH = 64 * 1024;

/**
 * Runs the scripts of one client. Consecutive calls of one batchable script within a turn of the event loop share one command,
 * which costs client and server a fraction of separate commands. The order among all commands of the client stays. Calls are sent
 * separately in a cluster, where the keys of a command must be of one slot, and after the server has refused a batch because the
 * user has no permission for one of its keys.
 */
export class ScriptCalls {
  readonly #client: RedisClient;
  #maxBatchCalls: number;
  #batch: ScriptCall[] = [];
  #batchLength = 0;

  constructor(client: RedisClient) {
    this.#client = client;
    this.#maxBatchCalls = client instanceof Cluster ? 1 : MAX_BATCH_CALLS;
    const send: Cluster['sendCommand'] = client.sendCommand.bind(client);
    client.sendCommand = (command, stream, node) => {
      this.#flush();
      return send(command, stream, node);
    };
  }

  run(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const [first] = this.#batch;
      if (first && (first.script !== script || first.args.length !== args.length)) this.#flush();
      const count = this.#batch.push({ script, key, args, resolve, reject });
      for (const arg of args) this.#batchLength += typeof arg === 'string' ? arg.length : 0;
      const isFull =
        !script.batchable || count >= this.#maxBatchCalls || this.#batchLength >= MAX_BATCH_LENGTH;
      if (isFull) this.#flush();
      else if (count === 1) process.nextTick(this.#flush);
    });
  }

  readonly #flush = (): void => {
    const calls = this.#batch;
    if (calls.length === 0) return;
    this.#batch = [];
    this.#batchLength = 0;
    void this.#send(calls);
  };

  async #send(calls: readonly ScriptCall[]): Promise<void> {
    try {
      const keys = calls.map(({ key }) => key);
      const args = calls.flatMap(({ args }) => args);
      const replies = await runForEachKey(this.#client, calls[0]!.script, keys, args);
      if (!Array.isArray(replies) || replies.length !== calls.length) {
        throw new FailureError(UNEXPECTED_REPLY);
      }
      calls.forEach(({ resolve, reject }, i) => {
        const reply: unknown = replies[i];
        if (reply instanceof Error) reject(reply);
        else resolve(reply);
      });
    } catch (error) {
      // The server checks the permissions of all keys before it runs anything.
      if (calls.length > 1 && /^NOPERM\b/.test((error as Error).message)) {
        this.#maxBatchCalls = 1;
        for (const call of calls) void this.#send([call]);
      } else for (const { reject } of calls) reject(error);
    }
  }
}
