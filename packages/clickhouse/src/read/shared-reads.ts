import type { StoreReadOptions } from '@quantumtrade/dal-domain';
import { LookupBatcher } from './lookup-batcher.js';

interface SharedRead<V> {
  readonly batcher: LookupBatcher<string, V>;
  /** Callers that the next query answers. */
  waiting: number;
}

/**
 * Runs identical reads of concurrent callers once. A caller joins no read whose query has been sent. A read that must see a write is
 * not shared.
 */
export class SharedReads<V> {
  readonly #timeoutMs: number;
  readonly #byText = new Map<string, SharedRead<V>>();

  /** @param timeoutMs time limit of a caller without a deadline */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Returns what a read returns. Concurrent callers with the same text share it and must not change it.
   * @param read gets the number of callers that it is for, those among them that have left included
   */
  async run(
    text: string,
    operation: string,
    options: StoreReadOptions | undefined,
    read: (options: StoreReadOptions | undefined, callers: number) => Promise<V>,
  ): Promise<V> {
    if (options?.readAfter !== undefined) return read(options, 1);
    let shared = this.#byText.get(text);
    if (!shared) this.#byText.set(text, (shared = this.#share(text, operation, read)));
    shared.waiting++;
    return (await shared.batcher.find(text, options)) as V;
  }

  #share(
    text: string,
    operation: string,
    read: (options: StoreReadOptions | undefined, callers: number) => Promise<V>,
  ): SharedRead<V> {
    // A query has all callers that wait when it is sent, since there is one key.
    const send = async (limits: StoreReadOptions | undefined) => {
      const callers = shared.waiting;
      shared.waiting = 0;
      return new Map([[text, await read(limits, callers)]]);
    };
    const batcher = new LookupBatcher<string, V>((_, limits) => send(limits), {
      textOf: (key) => key,
      operation,
      timeoutMs: this.#timeoutMs,
      maxKeys: 1,
      onIdle: () => this.#byText.delete(text),
    });
    const shared: SharedRead<V> = { batcher, waiting: 0 };
    return shared;
  }
}
