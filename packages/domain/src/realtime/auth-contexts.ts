import { createHash } from 'node:crypto';
import { ValidationError } from '../errors.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { UserContext } from '../keyspaces/values.js';
import { REVOKED, userContextCodec } from '../keyspaces/values.js';
import type { CallOptions } from '../ports/call.js';
import { refusalOfName } from '../records/kinds/text.js';
import { encodeFor } from './cache-value.js';
import type { OpenKeyspace } from './typed-keyspace.js';

/**
 * User contexts of tokens, each for an hour. Returned contexts may be shared and frozen. Only a token's SHA-256 is stored.
 *
 * Throws `ValidationError` for a token that is empty, longer than 8,192 characters, or has control or invisible characters.
 */
export interface AuthContextStore {
  find(token: string, options?: CallOptions): Promise<UserContext | null>;
  /** Saves a context for an hour. Returns false and saves nothing when the token was revoked within the hour. */
  save(token: string, context: UserContext, options?: CallOptions): Promise<boolean>;
  /** Revokes a token and returns whether it had a context. */
  revoke(token: string, options?: CallOptions): Promise<boolean>;
}

const MAX_TOKEN_LENGTH = 8_192;

const { pattern } = keyspaces.authContext;

/** Creates a store of auth contexts over a keyspace, e.g. of `typedKeyspaces`. */
export function authContextStore(open: OpenKeyspace): AuthContextStore {
  const entries = open(keyspaces.authContext);
  return {
    async find(token, options) {
      const entry = await entries.get(partsOf(token), options);
      return entry === REVOKED ? null : entry;
    },

    async save(token, context, options) {
      const parts = partsOf(token);
      const saved = ownCopy(context);
      let isSaved = false;
      const save = (entry: UserContext | typeof REVOKED | null) => {
        isSaved = entry !== REVOKED;
        return isSaved ? saved : undefined;
      };
      await entries.update(parts, save, options);
      return isSaved;
    },

    async revoke(token, options) {
      let wasKnown = false;
      const revoke = (entry: UserContext | typeof REVOKED | null) => {
        wasKnown = entry !== null && entry !== REVOKED;
        return wasKnown ? REVOKED : undefined;
      };
      await entries.update(partsOf(token), revoke, options);
      return wasKnown;
    },
  };
}

function partsOf(token: string) {
  const reason = refusalOfName(token, MAX_TOKEN_LENGTH);
  if (reason !== undefined) throw new ValidationError('token', reason, { operation: pattern });
  return { tokenHash: createHash('sha256').update(token).digest('hex') };
}

/** Copies a context, so that later changes by the caller are not saved. Throws `ValidationError` when it is invalid. */
function ownCopy(context: UserContext): UserContext {
  return userContextCodec.parse(encodeFor({ pattern, codec: userContextCodec }, context));
}
