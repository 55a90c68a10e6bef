import type { SecretSource } from '../secret-source.js';

/** Source whose answers a test gives. */
export class FakeSource implements SecretSource {
  /** Names that were fetched. */
  readonly fetched: string[] = [];
  /** The fetched text, or the error of each fetch. */
  value: string | Error;
  /** Signal of the latest fetch. */
  signal: AbortSignal | undefined;
  /** Whether fetches stay without an answer. */
  hangs = false;

  constructor(value: string | Error) {
    this.value = value;
  }

  async fetch(name: string, signal: AbortSignal): Promise<string> {
    this.fetched.push(name);
    this.signal = signal;
    if (this.hangs) return new Promise(() => undefined);
    if (this.value instanceof Error) throw this.value;
    return this.value;
  }
}
