import { Secret } from '@quantumtrade/dal-runtime';
import {
  SecretError,
  SecretStore,
  type SecretReference,
  type SecretSources,
  type SecretsSettings,
} from '@quantumtrade/dal-secrets';
import { ConfigError, type ConfigProblem } from './config-error.js';

/** The place of a reference, for errors. */
export type Place = Omit<ConfigProblem, 'reason'>;

/** Returns the secret of a reference. Throws `ConfigError` naming its place. */
export type SecretLookup = (reference: SecretReference, place: Place) => Secret;

/** Refuses every reference, because fetching takes time. */
export const refuseReferences: SecretLookup = ({ text }, place) => {
  throw new ConfigError({ ...place, reason: `only loadConfig fetches the secret ${text}` });
};

/** The references of one configuration to secrets. */
export class SecretReferences {
  readonly #places = new Map<SecretReference, Place>();
  readonly #secrets = new Map<string, Secret>();

  /** Takes note of a reference. Returns a secret in its place. */
  readonly collect: SecretLookup = (reference, place) => {
    this.#places.set(reference, place);
    return new Secret(reference.text);
  };

  /** Fetches all secrets at the same time. Throws `ConfigError` for the first one that cannot be had. */
  async fetch(readSettings: () => SecretsSettings, sources: SecretSources | undefined): Promise<void> {
    if (this.#places.size === 0) return;
    const store = new SecretStore(readSettings(), sources && { sources });
    const fetched = await Promise.allSettled(
      [...this.#places.keys()].map(async (reference) => {
        this.#secrets.set(reference.text, await store.get(reference));
      }),
    );
    [...this.#places.values()].forEach((place, index) => {
      const outcome = fetched[index]!;
      if (outcome.status === 'fulfilled') return;
      const error: unknown = outcome.reason;
      throw error instanceof SecretError ? new ConfigError({ ...place, reason: error.reason }) : error;
    });
  }

  /** Returns a secret that was fetched. */
  readonly find: SecretLookup = ({ text }) => this.#secrets.get(text)!;
}
