/** A place that secrets are fetched from. */
export interface SecretSource {
  /**
   * Fetches the text of a secret. Rejects with `SecretError`; its reason may name the secret and never its value. The signal ends the
   * fetching, and what it then rejects with counts for nothing.
   */
  fetch(name: string, signal: AbortSignal): Promise<string>;
}

/** Error of a secret that cannot be used. It holds no value. */
export class SecretError extends Error {
  override readonly name = 'SecretError';

  constructor(readonly reason: string) {
    super(reason);
  }
}
