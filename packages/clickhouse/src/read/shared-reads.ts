import type { CallOptions } from '@quantumtrade/dal-domain';
import { LookupBatcher } from './lookup-batcher.js';

/** Runs identical reads of concurrent callers once. A caller joins no read whose query has been sent. */
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
    options: CallOptions | undefined,
    read: (options: CallOptions | undefined) => Promise<V>,
  ): Promise<V> {
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
