import { createHash, timingSafeEqual } from 'node:crypto';

/** Code of ClickHouse for a refused login. */
export const AUTHENTICATION_FAILED = 516;

/** @param {string} username */
export const refusalMessage = (username) =>
  `${username}: Authentication failed: password is incorrect, or there is no user with such name.`;

/** The login that the relay accepts. */
export class Login {
  #username;
  #passwordHash;

  /**
   * @param {string} username
   * @param {string} passwordSha256 in hex
   */
  constructor(username, passwordSha256) {
    this.#username = username;
    this.#passwordHash = Buffer.from(passwordSha256, 'hex');
  }

  /**
   * @param {string | undefined} username
   * @param {string} password
   */
  accepts(username, password) {
    const hash = createHash('sha256').update(password).digest();
    return timingSafeEqual(hash, this.#passwordHash) && username === this.#username;
  }
}
