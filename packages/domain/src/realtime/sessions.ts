import { createHash } from 'node:crypto';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { SessionData, UserContext } from '../keyspaces/values.js';
import type { Cache } from '../ports/cache.js';
import type { CallOptions } from '../ports/call.js';
import { TypedKeyspace } from './typed-keyspace.js';

/** Sessions of signed-in users, one per user, each an hour from its last save. */
export interface SessionStore {
  find(userId: string, options?: CallOptions): Promise<SessionData | null>;
  save(session: SessionData, options?: CallOptions): Promise<void>;
  /** True when there was a session. */
  end(userId: string, options?: CallOptions): Promise<boolean>;
}

/** What tokens stand for, an hour each. Only a token's SHA-256 is ever stored. */
export interface AuthContextStore {
  find(token: string, options?: CallOptions): Promise<UserContext | null>;
  save(token: string, context: UserContext, options?: CallOptions): Promise<void>;
  /** True when the token was known. */
  revoke(token: string, options?: CallOptions): Promise<boolean>;
}

export function sessionStore(cache: Cache): SessionStore {
  const sessions = new TypedKeyspace(cache, keyspaces.session);
  return {
    find: (userId, options) => sessions.get({ userId }, options),
    save: (session, options) => sessions.set({ userId: session.userId }, session, options),
    end: (userId, options) => sessions.delete({ userId }, options),
  };
}

export function authContextStore(cache: Cache): AuthContextStore {
  const contexts = new TypedKeyspace(cache, keyspaces.authContext);
  const parts = (token: string) => ({ tokenHash: createHash('sha256').update(token).digest('hex') });
  return {
    find: (token, options) => contexts.get(parts(token), options),
    save: (token, context, options) => contexts.set(parts(token), context, options),
    revoke: (token, options) => contexts.delete(parts(token), options),
  };
}
