import { createHash } from 'node:crypto';
import { ValidationError } from '../errors.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { SessionData, UserContext } from '../keyspaces/values.js';
import type { CallOptions } from '../ports/call.js';
import type { OpenKeyspace } from './typed-keyspace.js';

/** Sessions of signed-in users, one per user, each an hour from its last save. What is found may be shared, and frozen. */
export interface SessionStore {
  find(userId: string, options?: CallOptions): Promise<SessionData | null>;
  save(session: SessionData, options?: CallOptions): Promise<void>;
  /** True when there was a session. */
  end(userId: string, options?: CallOptions): Promise<boolean>;
}

/** What tokens stand for, an hour each, which may be shared and frozen. Only a token's SHA-256 is ever stored. */
export interface AuthContextStore {
  find(token: string, options?: CallOptions): Promise<UserContext | null>;
  save(token: string, context: UserContext, options?: CallOptions): Promise<void>;
  /** True when the token was known. */
  revoke(token: string, options?: CallOptions): Promise<boolean>;
}

/** The sessions, kept in a keyspace such as that of `typedKeyspaces`. */
export function sessionStore(open: OpenKeyspace): SessionStore {
  const sessions = open(keyspaces.session);
  return {
    find: (userId, options) => sessions.get({ userId }, options),
    save: async (session, options) => sessions.set({ userId: session?.userId }, session, options),
    end: (userId, options) => sessions.delete({ userId }, options),
  };
}

/** The auth contexts, kept likewise. */
export function authContextStore(open: OpenKeyspace): AuthContextStore {
  const contexts = open(keyspaces.authContext);
  const operation = keyspaces.authContext.pattern;
  const parts = (token: string) => {
    if (typeof token !== 'string') throw new ValidationError('token', 'must be a string', { operation });
    return { tokenHash: createHash('sha256').update(token).digest('hex') };
  };
  return {
    find: async (token, options) => contexts.get(parts(token), options),
    save: async (token, context, options) => contexts.set(parts(token), context, options),
    revoke: async (token, options) => contexts.delete(parts(token), options),
  };
}
