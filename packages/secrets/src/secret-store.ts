import { backgroundClock, type Clock, type Secret } from '@quantumtrade/dal-runtime';
import { AwsSource } from './aws-source.js';
import { FileSource } from './file-source.js';
import type { SecretReference } from './reference.js';
import { ReferencedSecret } from './referenced-secret.js';
import { SecretError, type SecretSource } from './secret-source.js';
import type { SecretsSettings } from './settings.js';
import { StoredValue, type FetchOptions } from './stored-value.js';

/** Sources by the names that references give them, e.g. `file`. */
export type SecretSources = Readonly<Record<string, SecretSource>>;

export interface SecretStoreOptions {
  /** Sources beside `file` and `aws-sm`. @default none */
  readonly sources?: SecretSources;
  /** @default the system's; its timers do not keep the process alive */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: () => number;
}

/**
 * The secrets that a configuration refers to. Each secret of a source is fetched once for all references to it, and again in the
 * background while somebody watches it.
 */
export class SecretStore {
  readonly #sources: SecretSources;
  readonly #options: FetchOptions;
  readonly #values = new Map<string, StoredValue>();

  constructor(
    settings: SecretsSettings,
    { sources, clock = backgroundClock, random = Math.random }: SecretStoreOptions = {},
  ) {
    this.#sources = { file: new FileSource(), 'aws-sm': new AwsSource(settings.aws), ...sources };
    this.#options = { ...settings, clock, random };
  }

  /** Fetches the secret that a reference names. Rejects with `SecretError`, whose reason names the reference. */
  async get(reference: SecretReference): Promise<Secret> {
    const value = this.#valueOf(reference);
    try {
      const secret = new ReferencedSecret(reference, value, this.#options);
      await value.add(secret);
      return secret;
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      throw new SecretError(`${reference.text}: ${error.reason}`);
    }
  }

  #valueOf({ scheme, name }: SecretReference): StoredValue {
    const id = `${scheme}:${name}`;
    const known = this.#values.get(id);
    if (known) return known;
    const source = Object.hasOwn(this.#sources, scheme) ? this.#sources[scheme]! : undefined;
    if (!source) {
      throw new SecretError(
        `there is no such source of secrets, expected one of ${Object.keys(this.#sources).join(', ')}`,
      );
    }
    const value = new StoredValue(name, source, this.#options);
    this.#values.set(id, value);
    return value;
  }
}
