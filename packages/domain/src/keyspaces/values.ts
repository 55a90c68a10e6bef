import { z } from 'zod';

const instant = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

/** The market regime of a symbol as detected at an instant. */
export const marketRegimeCodec = z.object({
  symbol: z.string(),
  regime: z.string(),
  confidence: z.number(),
  timestamp: instant,
});
export type MarketRegime = z.output<typeof marketRegimeCodec>;

/** The strategy chosen for a symbol. */
export const selectedStrategyCodec = z.object({
  symbol: z.string(),
  strategyName: z.string(),
  marketRegime: z.string(),
  parameters: z.record(z.string(), z.number()),
  timestamp: instant,
});
export type SelectedStrategy = z.output<typeof selectedStrategyCodec>;

/** What an application keeps for a signed-in user. */
export const sessionCodec = z.object({
  userId: z.string(),
  startedAt: instant,
  attributes: z.record(z.string(), z.json()),
});
export type SessionData = z.output<typeof sessionCodec>;

/** Who a token stands for and what it may do. */
export const userContextCodec = z.object({
  userId: z.string(),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
});
export type UserContext = z.output<typeof userContextCodec>;
