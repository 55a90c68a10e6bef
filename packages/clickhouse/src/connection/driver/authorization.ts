import type { Secret } from '@quantumtrade/dal-runtime';

/** The header that logs a user in, made anew when the password has changed. */
export class Authorization {
  readonly #username: string;
  readonly #password: Secret | undefined;
  #latest: { readonly password: string; readonly header: string } | undefined;

  constructor(username: string, password: Secret | undefined) {
    this.#username = username;
    this.#password = password;
  }

  /** Returns the value of the header for the current password. */
  header(): string {
    const password = this.#password?.reveal() ?? '';
    if (this.#latest?.password !== password) {
      const header = `Basic ${Buffer.from(`${this.#username}:${password}`).toString('base64')}`;
      this.#latest = { password, header };
    }
    return this.#latest!.header;
  }
}
