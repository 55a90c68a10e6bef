import { Secret, sleep, type AbortSource, type Cancel } from '@quantumtrade/dal-runtime';
import type { SecretReference } from './reference.js';
import type { FetchOptions, StoredValue, ValuePart } from './stored-value.js';

/** Delay before a login is repeated with a text that was refused (milliseconds). */
const MIN_REPEAT_MS = 50;
const MAX_REPEAT_MS = 250;
/** Least time between two refusals of a text that says that it was accepted meanwhile: a repeated login takes less (milliseconds). */
const MIN_PAUSE_MS = 5_000;

/** A secret whose text is the newest one of its source. */
export class ReferencedSecret extends Secret implements ValuePart {
  readonly key: string | undefined;
  readonly #reference: string;
  readonly #value: StoredValue;
  readonly #options: FetchOptions;
  /** The text that servers refuse, and since when they have done so without a pause (epoch milliseconds). */
  #refused: string | undefined;
  #refusedSince = -Infinity;
  /** When its latest renewal began or ended (epoch milliseconds). */
  #renewedAt = -Infinity;

  constructor({ text, key }: SecretReference, value: StoredValue, options: FetchOptions) {
    super('');
    this.#reference = text;
    this.key = key;
    this.#value = value;
    this.#options = options;
  }

  override get reference(): string {
    return this.#reference;
  }

  override reveal(): string {
    return this.#value.textOf(this);
  }

  override watch(onChange: () => void = () => undefined): Cancel {
    let last = this.reveal();
    return this.#value.watch(() => {
      if (this.reveal() === last) return;
      last = this.reveal();
      onChange();
    });
  }

  /** Within the grace of a rotation it resolves with true also for the same text, after a delay. */
  override async renew(refused: string, signal?: AbortSource): Promise<boolean> {
    if (this.reveal() !== refused) return true;
    const mayRotate = this.#isWithinGrace(refused);
    await this.#value.refreshRefused(signal);
    if (this.reveal() !== refused) return true;
    if (!mayRotate) return false;
    const { clock, random } = this.#options;
    await sleep(MIN_REPEAT_MS + (MAX_REPEAT_MS - MIN_REPEAT_MS) * random(), clock, signal);
    this.#renewedAt = clock.now();
    return true;
  }

  /** Takes note of a refusal. Returns whether refusals of this text began less than the grace of a rotation ago. */
  #isWithinGrace(refused: string): boolean {
    const { clock, rotationGraceMs } = this.#options;
    const now = clock.now();
    const pauseMs = Math.max(rotationGraceMs, MIN_PAUSE_MS);
    if (refused !== this.#refused || now - this.#renewedAt > pauseMs) this.#refusedSince = now;
    this.#refused = refused;
    this.#renewedAt = now;
    return now - this.#refusedSince < rotationGraceMs;
  }
}
