import {
  Backoff,
  Deadline,
  SingleFlight,
  type AbortSource,
  type Cancel,
  type Clock,
} from '@quantumtrade/dal-runtime';
import { textAt } from './text-at.js';
import { SecretError, type SecretSource } from './secret-source.js';
import { publishRefresh } from './secret-channel.js';
import type { SecretsSettings } from './settings.js';

/** Time source, randomness and limits of fetching. */
export interface FetchOptions extends Pick<SecretsSettings, 'lifetimeMs' | 'timeoutMs' | 'rotationGraceMs'> {
  readonly clock: Clock;
  /** Returns numbers from 0 to less than 1. */
  readonly random: () => number;
}

/** A part of a value that is in use. */
export interface ValuePart {
  /** The key of the JSON object that the value is. @default none: the part is the whole value */
  readonly key: string | undefined;
  /** The reference to it, for events. */
  readonly reference: string;
}

/** A refresh begins between these shares of the lifetime, drawn at random, so that processes do not fetch all at once. */
const EARLIEST_REFRESH = 0.7;
const LATEST_REFRESH = 0.9;
/** Delays between refreshes that fail in the background. */
const FAILED_REFRESH = { initialDelayMs: 1_000, maxDelayMs: 60_000 };
/** Delays between refreshes after refused logins that change nothing. */
const FRUITLESS_REFRESH = { initialDelayMs: 100, maxDelayMs: 2_000 };

/**
 * The latest value of one secret of a source, from which any number of references take their texts. A value is accepted when all of
 * them find theirs in it, so texts of one secret, such as a user and a password, change together. A value that is not accepted, or not
 * to be had, leaves the last one in use.
 */
export class StoredValue {
  readonly #name: string;
  readonly #source: SecretSource;
  readonly #options: FetchOptions;
  readonly #singleFlight = new SingleFlight();
  readonly #texts = new Map<ValuePart, string>();
  readonly #watchers = new Set<() => void>();
  readonly #failedRefresh: Backoff;
  readonly #fruitlessRefresh: Backoff;
  #value = '';
  /** When the value was fetched last (epoch milliseconds). */
  #fetchedAt = -Infinity;
  /** Before it, no refused login fetches the value again (epoch milliseconds). */
  #notBefore = -Infinity;
  #cancelRefresh: Cancel | undefined;

  constructor(name: string, source: SecretSource, options: FetchOptions) {
    const { random } = options;
    this.#name = name;
    this.#source = source;
    this.#options = options;
    this.#failedRefresh = new Backoff({ ...FAILED_REFRESH, random });
    this.#fruitlessRefresh = new Backoff({ ...FRUITLESS_REFRESH, random });
  }

  /** Adds a part in use. The value is fetched first unless it is there. Rejects with `SecretError`. */
  async add(part: ValuePart): Promise<void> {
    if (this.#fetchedAt === -Infinity) await this.#refresh();
    this.#texts.set(part, textAt(this.#value, part.key));
  }

  /** Returns the text of a part that was added. */
  textOf(part: ValuePart): string {
    return this.#texts.get(part)!;
  }

  /** Keeps the value current until the returned function is called, and calls back after each change. */
  watch(onChange: () => void): Cancel {
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#scheduleRefresh();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#cancelRefresh?.();
      this.#cancelRefresh = undefined;
    };
  }

  /**
   * Fetches the value again because a server refuses it, unless that changed nothing a moment ago. Never rejects but with the signal's
   * reason.
   */
  refreshRefused(signal: AbortSource | undefined): Promise<void> {
    const { clock } = this.#options;
    if (clock.now() < this.#notBefore) return Promise.resolve();
    return this.#singleFlight.run('refused', { signal }, async () => {
      const before = this.#value;
      await this.#refresh().catch(() => undefined);
      if (this.#value === before) this.#notBefore = clock.now() + this.#fruitlessRefresh.next();
      else this.#fruitlessRefresh.reset();
    });
  }

  /** Fetches the value, once for all that ask at the same time. */
  #refresh(): Promise<void> {
    return this.#singleFlight.run('fetch', undefined, () => this.#fetch());
  }

  async #fetch(): Promise<void> {
    const { timeoutMs, clock } = this.#options;
    const timeoutError = () => new SecretError(`no answer within ${timeoutMs} ms`);
    const deadline = new Deadline({ timeoutMs }, timeoutError, clock);
    let isChanged: boolean;
    try {
      isChanged = this.#accept(await deadline.race(this.#source.fetch(this.#name, deadline.signal)));
    } catch (error) {
      const failure = error instanceof SecretError ? error : new SecretError('the source failed');
      for (const { reference } of this.#texts.keys()) publishRefresh({ reference, reason: failure.reason });
      throw failure;
    }
    if (!isChanged) return;
    for (const { reference } of this.#texts.keys()) publishRefresh({ reference });
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Takes a value in use. Returns whether it differs from the last one. */
  #accept(value: string): boolean {
    const texts = [...this.#texts.keys()].map((part) => [part, textAt(value, part.key)] as const);
    const isChanged = texts.some(([part, text]) => text !== this.#texts.get(part));
    this.#value = value;
    this.#fetchedAt = this.#options.clock.now();
    for (const [part, text] of texts) this.#texts.set(part, text);
    return isChanged;
  }

  /** Schedules the next refresh in the background, which schedules the one after it. */
  #scheduleRefresh(delayMs = this.#untilRefreshMs()): void {
    this.#cancelRefresh = this.#options.clock.after(delayMs, () => {
      const reschedule = (delayMs?: number) => {
        if (this.#cancelRefresh) this.#scheduleRefresh(delayMs);
      };
      void this.#refresh().then(
        () => {
          this.#failedRefresh.reset();
          reschedule();
        },
        () => reschedule(this.#failedRefresh.next()),
      );
    });
  }

  #untilRefreshMs(): number {
    const { lifetimeMs, random, clock } = this.#options;
    const share = EARLIEST_REFRESH + (LATEST_REFRESH - EARLIEST_REFRESH) * random();
    return this.#fetchedAt + share * lifetimeMs - clock.now();
  }
}
