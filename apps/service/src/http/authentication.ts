import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpConfig } from '@quantumtrade/dal-config';
import { ConfigError } from '@quantumtrade/dal-config';
import type { Cancel } from '@quantumtrade/dal-runtime';
import type { AuthContextStore, CallOptions } from '@quantumtrade/dal-domain';
import type { Area } from './areas.js';
import { AREAS } from './areas.js';
import { RefusedRequest } from './refused-request.js';

/** User of a request. */
export interface User {
  readonly id: string;
  readonly roles: readonly string[];
}

/** User of a request without a token in an open area. */
export const ANONYMOUS: User = { id: 'anonymous', roles: [] };

const MIN_TOKEN_LENGTH = 16;
/** A bearer token of RFC 6750. */
const BEARER = /^Bearer +([\w.~+/-]{1,4096}=*)$/i;

interface KnownToken {
  /** Returns the SHA-256 of the current token, which may be rotated. */
  readonly digest: () => Buffer;
  readonly user: User;
}

/** Finds the user of a request, and decides whether it may use an area. */
export class Authentication {
  readonly #tokens: readonly KnownToken[];
  readonly #open: ReadonlySet<Area>;
  readonly #store: Pick<AuthContextStore, 'find'> | undefined;
  readonly #unwatch: readonly Cancel[];

  /** @throws ConfigError naming a configured token that is incomplete */
  constructor({ tokens, open, authContexts }: HttpConfig, store: Pick<AuthContextStore, 'find'>) {
    this.#tokens = tokens.map(knownToken);
    this.#open = new Set(open);
    this.#store = authContexts ? store : undefined;
    this.#unwatch = tokens.flatMap(({ token }) => (token ? [token.watch()] : []));
  }

  /** Ends the refresh of rotated tokens. */
  close(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }

  /** Whether no token can be valid. */
  get acceptsNoToken(): boolean {
    return this.#tokens.length === 0 && this.#store === undefined;
  }

  /**
   * Returns the user of a request to an area.
   * @throws RefusedRequest when the token is missing or invalid, or has not the role of the area
   * @throws CacheError and the like, when a token is not configured and the auth-context store does not answer
   */
  async authorize(area: Area, header: string | undefined, options: CallOptions): Promise<User> {
    const { role, rateLimit } = AREAS[area];
    const isOpen = role === undefined || this.#open.has(area);
    if (isOpen && (header === undefined || rateLimit === undefined)) return ANONYMOUS;
    const user = await this.#find(header, options);
    if (isOpen || user.roles.includes(role)) return user;
    throw new RefusedRequest('FORBIDDEN', `the token has not the role ${role}`);
  }

  async #find(header: string | undefined, options: CallOptions): Promise<User> {
    if (header === undefined) throw new RefusedRequest('UNAUTHENTICATED', 'a bearer token is required');
    const token = BEARER.exec(header)?.[1];
    const context = token === undefined ? undefined : await this.#userOf(token, options);
    if (!context) throw new RefusedRequest('UNAUTHENTICATED', 'the bearer token is not valid');
    return context;
  }

  async #userOf(token: string, options: CallOptions): Promise<User | undefined> {
    const digest = sha256(token);
    let found: User | undefined;
    // All of them are compared, so that the time does not depend on the position.
    for (const known of this.#tokens) if (timingSafeEqual(known.digest(), digest)) found = known.user;
    if (found || !this.#store) return found;
    const context = await this.#store.find(token, options);
    return context ? { id: context.userId, roles: context.roles } : undefined;
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function knownToken(
  { user, roles, token, sha256: digest }: HttpConfig['tokens'][number],
  index: number,
): KnownToken {
  const refuse = (key: string, reason: string) =>
    new ConfigError({ key: `http.tokens.${index}.${key}`, reason, source: 'configuration' });
  if ((token === undefined) === (digest === undefined))
    throw refuse('token', 'expected either token or sha256');
  if (token && token.reveal().length < MIN_TOKEN_LENGTH)
    throw refuse('token', `expected at least ${MIN_TOKEN_LENGTH} characters`);
  const stored = digest === undefined ? undefined : Buffer.from(digest, 'hex');
  return { digest: () => stored ?? sha256(token!.reveal()), user: { id: user, roles } };
}
