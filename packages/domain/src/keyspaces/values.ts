import type { z } from 'zod';
import type { Field } from '../records/field.js';
import { canonicalField, Invalid, isPlainMap } from '../records/field.js';
import type { JsonMember } from '../records/json.js';
import { memberOf, objectCodec } from '../records/json.js';
import { lossInJson } from '../realtime/json-value.js';

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

/** What JSON keeps as it is. */
export type JsonValue = z.core.util.JSONType;

/** What an application keeps for a signed-in user. */
export interface SessionData {
  userId: string;
  startedAt: Date;
  attributes: Record<string, JsonValue>;
}
export const sessionCodec = objectCodec<SessionData>({
  userId: id,
  startedAt: instant,
  attributes: { decode: jsonMap, encode: jsonMap },
});

/** Who a token stands for and what it may do. */
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

function jsonMap(value: unknown): unknown {
  if (!isPlainMap(value)) return new Invalid('must be a map of JSON values');
  const loss = lossInJson(value);
  return loss === undefined ? value : new Invalid(`${loss} cannot be kept in JSON`);
}

function listOf(field: Field): JsonMember {
  const list = (value: unknown) => {
    if (!Array.isArray(value)) return new Invalid('must be a list of strings');
    const items = Array.from(value, (item) => canonicalField(field, item));
    return items.find((item) => item instanceof Invalid) ?? items;
  };
  return { decode: list, encode: list };
}
