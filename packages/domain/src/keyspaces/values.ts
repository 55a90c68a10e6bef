import { z } from 'zod';
import { isPlainMap } from '../arguments.js';
import type { Field } from '../records/field.js';
import { toCanonicalField } from '../records/field.js';
import { Invalid } from '../records/kinds/kind.js';
import type { JsonMember } from '../records/json.js';
import { memberOf, objectCodec } from '../records/json.js';
import { lossInJson } from '../realtime/cache-value.js';

const symbol = memberOf({ kind: 'symbol' });
const label = memberOf({ kind: 'label' });
const id = memberOf({ kind: 'id' });
const instant = memberOf({ kind: 'instant' });
const number = memberOf({ kind: 'float64' });
const numbers = memberOf({ kind: 'numbers' });

/** The market regime of a symbol as detected at an instant. */
export interface MarketRegime {
  symbol: string;
  regime: string;
  confidence: number;
  timestamp: Date;
}
export const marketRegimeCodec = objectCodec<MarketRegime>({
  symbol,
  regime: label,
  confidence: number,
  timestamp: instant,
});

/** The strategy chosen for a symbol. */
export interface SelectedStrategy {
  symbol: string;
  strategyName: string;
  marketRegime: string;
  parameters: Record<string, number>;
  timestamp: Date;
}
export const selectedStrategyCodec = objectCodec<SelectedStrategy>({
  symbol,
  strategyName: label,
  marketRegime: label,
  parameters: numbers,
  timestamp: instant,
});

/** A value that JSON keeps unchanged. */
export type JsonValue = z.core.util.JSONType;

/** Data of one session of a signed-in user. */
export interface SessionData {
  userId: string;
  /** Id of the session. `save` generates one for a new session without it. */
  sessionId?: string;
  startedAt: Date;
  attributes: Record<string, JsonValue>;
}

/** A stored session with the time of its last save. */
export interface StoredSession extends SessionData {
  sessionId: string;
  savedAt: Date;
}
const session = {
  userId: id,
  sessionId: id,
  startedAt: instant,
  attributes: { decode: jsonMap, encode: jsonMap },
};
export const sessionCodec = objectCodec<SessionData & { sessionId: string }>(session);
const storedSessionCodec = objectCodec<StoredSession>({ ...session, savedAt: instant });

/** All sessions of a user in the order of their last saves, and the end times of ids that must not be reused. */
export interface UserSessions {
  sessions: StoredSession[];
  ended: Record<string, number>;
}
export const userSessionsCodec = objectCodec<UserSessions>({
  sessions: listOfObjects(storedSessionCodec),
  ended: numbers,
});

/** User of a token, with roles and permissions. */
export interface UserContext {
  userId: string;
  roles: string[];
  permissions: string[];
}
export const userContextCodec = objectCodec<UserContext>({
  userId: id,
  roles: listOf({ kind: 'label' }),
  permissions: listOf({ kind: 'label' }),
});

/** Stored in place of the context of a revoked token. */
export const REVOKED = 'revoked';

export const authEntryCodec: z.ZodType<UserContext | typeof REVOKED> = userContextCodec.or(
  z.literal(REVOKED),
);

function jsonMap(value: unknown): unknown {
  if (!isPlainMap(value)) return new Invalid('must be a map of JSON values');
  const loss = lossInJson(value);
  return loss === undefined ? value : new Invalid(`${loss} cannot be kept in JSON`);
}

function listOf(field: Field): JsonMember {
  const list = (value: unknown) => {
    if (!Array.isArray(value)) return new Invalid('must be a list of strings');
    const items = Array.from(value, (item) => toCanonicalField(field, item));
    return items.find((item) => item instanceof Invalid) ?? items;
  };
  return { decode: list, encode: list };
}

function listOfObjects<T>(codec: z.ZodType<T>): JsonMember {
  const each = (convert: (item: unknown) => { success: boolean; data?: unknown }) => (value: unknown) => {
    if (!Array.isArray(value)) return new Invalid('must be a list');
    const items = Array.from(value, convert);
    return items.every(({ success }) => success)
      ? items.map(({ data }) => data)
      : new Invalid('must be a list of what it holds');
  };
  return {
    decode: each((item) => z.safeDecode(codec, item as never)),
    encode: each((item) => z.safeEncode(codec, item as T)),
  };
}
