import type { StoreReadOptions } from '@quantumtrade/dal-domain';
import { LookupBatcher } from './lookup-batcher.js';

/**
 * Runs identical reads of concurrent callers once. A caller joins no read whose query has been sent. A read that must see a write is
 * not shared.
 */
export class SharedReads<V> {
  readonly #timeoutMs: number;
  readonly #byText = new Map<string, LookupBatcher<string, V>>();

  /** @param timeoutMs time limit of a caller without a deadline */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Returns what a read returns. Concurrent callers with the same text share it and must not change it. */
  async run(
    text: string,
    operation: string,
    options: StoreReadOptions | undefined,
    read: (options: StoreReadOptions | undefined) => Promise<V>,
  ): Promise<V> {
    if (options?.readAfter !== undefined) return read(options);
    let batcher = this.#byText.get(text);
    if (!batcher) {
      batcher = new LookupBatcher<string, V>(async (_, limits) => new Map([[text, await read(limits)]]), {
        textOf: (key) => key,
        operation,
        timeoutMs: this.#timeoutMs,
        maxKeys: 1,
        onIdle: () => this.#byText.delete(text),
      });
      this.#byText.set(text, batcher);
    }
    return (await batcher.find(text, options)) as V;
  }
}
