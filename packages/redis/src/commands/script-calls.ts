import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/clients.js';
import type { Script } from './commands.js';
import { FailureError, NO_REPLY } from '../connection/failures.js';
import { scriptsOf } from './scripts.js';

type Arguments = readonly (string | number)[];

interface Call {
  readonly script: Script;
  readonly key: string;
  readonly args: Arguments;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

type Send = Cluster['sendCommand'];

/** How many calls go out as one, and from what length of their arguments on no more: other clients hardly wait for them. */
const CALLS_AT_ONCE = 50;
const LENGTH_AT_ONCE = 64 * 1024;

/**
 * The calls of scripts by one client. Those of the same short script that come in a row, within one turn of the event loop,
 * go to the server as one command, which costs both sides a fraction of what many do. The order among all commands of the
 * client stays. In a cluster, where a command takes keys of one slot only, each goes by itself, and so does each of a client
 * that was found to have no right to some keys.
 */
export class ScriptCalls {
  readonly #client: RedisClient;
  #atOnce: number;
  #gathered: Call[] = [];
  #length = 0;

  constructor(client: RedisClient) {
    this.#client = client;
    this.#atOnce = client instanceof Cluster ? 1 : CALLS_AT_ONCE;
    const send: Send = client.sendCommand.bind(client);
    client.sendCommand = (command, stream, node) => {
      this.#send();
      return send(command, stream, node);
    };
  }

  run(script: Script, key: string, args: Arguments): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const [first] = this.#gathered;
      if (first && (first.script !== script || first.args.length !== args.length)) this.#send();
      const count = this.#gathered.push({ script, key, args, resolve, reject });
      for (const arg of args) this.#length += typeof arg === 'string' ? arg.length : 0;
      const isFull = !script.short || count >= this.#atOnce || this.#length >= LENGTH_AT_ONCE;
      if (isFull) this.#send();
      else if (count === 1) process.nextTick(this.#send);
    });
  }

  readonly #send = (): void => {
    const calls = this.#gathered;
    if (calls.length === 0) return;
    this.#gathered = [];
    this.#length = 0;
    void this.#runTogether(calls);
  };

  /** What the server refuses for one of the keys it has not begun with. */
  async #runTogether(calls: readonly Call[]): Promise<void> {
    try {
      const answers = await this.#run(calls);
      if (!Array.isArray(answers) || answers.length !== calls.length) throw new FailureError(NO_REPLY);
      calls.forEach(({ resolve, reject }, i) => {
        const answer = answers[i];
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
    } catch (error) {
      if (calls.length > 1 && /^NOPERM\b/.test((error as Error).message)) {
        this.#atOnce = 1;
        for (const call of calls) void this.#runTogether([call]);
      } else for (const { reject } of calls) reject(error);
    }
  }

  #run(calls: readonly Call[]): Promise<unknown[]> {
    const { name } = calls[0]!.script;
    const keys = calls.map(({ key }) => key);
    const args = calls.flatMap(({ args }) => args);
    return scriptsOf(this.#client)[name]!(keys.length, ...keys, ...args);
  }
}
