import { z } from 'zod';
import { PROBLEM_TYPE, problemSchema } from '../http/problem.js';

export const NDJSON = 'application/x-ndjson';
export const ARROW = 'application/vnd.apache.arrow.stream';

/** Responses of every route that may fail. */
export const failures = {
  '4xx': { description: 'The request is refused', content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
  '5xx': { description: 'The request failed', content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
};

/** Returns the responses of a route in JSON. */
export const answers = (schema: z.ZodType, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  ...failures,
});

/** Returns the responses of a stream. */
export const streamAnswers = (item: z.ZodType) => ({
  200: {
    description: 'All matching rows. An answer that ends is complete; one that fails is cut off',
    content: {
      [NDJSON]: { schema: item },
      [ARROW]: { schema: z.string().meta({ description: 'Arrow IPC stream' }) },
    },
  },
  ...failures,
});

const missing = z
  .array(
    z.object({
      shard: z.int().min(1),
      values: z
        .array(z.string())
        .nullable()
        .meta({ description: 'Values of the request of which rows may be on the shard; null: any may be' }),
      reason: z.string(),
    }),
  )
  .optional()
  .meta({
    description:
      'Shards whose rows the answer lacks; empty where it is complete. Only with missingShards=allowed',
  });

const figures = {
  executionTimeMs: z.number(),
  cacheHit: z.boolean().meta({ description: 'Whether no query was run' }),
};

export const pageOf = (item: z.ZodType) =>
  z.object({
    data: z.array(item),
    totalCount: z
      .int()
      .nullable()
      .meta({ description: 'Matching rows, also on other pages; null where not counted' }),
    hasMore: z.boolean(),
    nextCursor: z.string().nullable(),
    ...figures,
    missing,
  });

export const resultOf = (item: z.ZodType) =>
  z.object({ data: z.array(item), totalCount: z.int(), ...figures });

export const listOf = (item: z.ZodType) => z.object({ data: z.array(item), missing });

export const one = (item: z.ZodType) => z.object({ data: item });

const rowError = z.object({ index: z.int(), field: z.string(), reason: z.string() });
const count = z.int().min(0);

export const batchResult = z
  .object({
    insertedCount: count,
    updatedCount: count,
    supersededCount: count,
    failedCount: count,
    roundedCount: count,
    executionTimeMs: z.number(),
    errors: z.array(rowError),
    writeToken: z.string().nullable(),
  })
  .meta({ id: 'BatchResult' });

export const writeReceipt = z
  .object({
    acceptedCount: count,
    failedCount: count,
    supersededCount: count.nullable(),
    roundedCount: count,
    errors: z.array(rowError),
    durability: z.enum(['acknowledged', 'journaled']),
    writeToken: z.string().nullable(),
  })
  .meta({ id: 'WriteReceipt' });

const measured = z.union([z.number(), z.string()]).nullable();

export const aggregate = z
  .object({
    intervalStart: z.string().nullable(),
    group: z.record(z.string(), z.string()),
    count,
    min: measured,
    max: measured,
    avg: measured,
    bar: z
      .object({
        open: measured,
        high: measured,
        low: measured,
        close: measured,
        volume: measured,
        vwap: measured,
      })
      .nullable(),
  })
  .meta({ id: 'Aggregate' });

const plan = z.object({ sql: z.string(), rules: z.array(z.object({ rule: z.string(), why: z.string() })) });

export const explanation = plan
  .extend({ afterTimeout: plan.nullable(), afterMemoryLimit: plan.nullable() })
  .meta({ id: 'Explanation' });
