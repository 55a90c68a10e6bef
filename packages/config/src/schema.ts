import { z } from 'zod';
import { addresses } from './addresses.js';
import { endpoint } from './endpoint.js';

export const DEFAULT_CLICKHOUSE_URL = 'http://127.0.0.1:8123';

/** The environment can give text only, so a number or boolean may be written as text anywhere. */
const numeral = /^[+-]?\d+(\.\d+)?$/;
const number = (limits: z.ZodNumber) =>
  z.preprocess((value) => (typeof value === 'string' && numeral.test(value) ? Number(value) : value), limits);
const truths: Record<string, boolean> = { true: true, false: false };
const boolean = z.preprocess(
  (value) => (typeof value === 'string' ? (truths[value.toLowerCase()] ?? value) : value),
  z.boolean(),
);

const count = number(z.int().min(1));
const countOrNone = number(z.int().min(0));
const milliseconds = number(z.number().min(0));
/** Seconds in a file; in code the same key ends in `Ms` and counts milliseconds. */
const seconds = number(
  z.number().min(0.001, 'expected at least 1 ms').max(86_400, 'expected at most a day'),
).transform((value) => Math.round(value * 1000));
const text = z.string().min(1);

const retry = z.strictObject({
  max_attempts: count.default(3),
  initial_delay_ms: milliseconds.default(100),
  max_delay_ms: milliseconds.default(5_000),
  backoff_multiplier: number(z.number().min(1)).default(2),
});

const clickhouse = z.strictObject({
  url: endpoint('http', 'https').prefault(DEFAULT_CLICKHOUSE_URL),
  database: text.optional(),
  username: text.optional(),
  password: z.string().optional(),
  connection_timeout: seconds.prefault(30),
  request_timeout: seconds.prefault(120),
  max_connections: count.default(20),
  max_queued_calls: countOrNone.default(10_000),
  max_result_rows: count.default(500_000),
  max_result_bytes: count.default(268_435_456),
  compression: boolean.default(true),
  max_insert_block_size: count.default(100_000),
  max_query_size: count.default(262_144),
  retry: retry.prefault({}),
});

const cluster = z.strictObject({
  enabled: boolean.default(false),
  nodes: addresses(6_379).default([]),
  max_redirections: countOrNone.default(3),
  retry_delay_ms: milliseconds.default(100),
});

const sentinel = z.strictObject({
  name: text,
  nodes: addresses(26_379).refine((nodes) => nodes.length > 0, 'expected the address of a Sentinel at least'),
  username: text.optional(),
  password: z.string().optional(),
});

const tls = z.strictObject({
  ca_file: text.optional(),
  cert_file: text.optional(),
  key_file: text.optional(),
  servername: text.optional(),
  reject_unauthorized: boolean.default(true),
});

const redis = z.strictObject({
  url: endpoint('redis', 'rediss')
    .refine(
      ({ database }) => /^\d*$/.test(database ?? ''),
      'expected the URL to end in the number of a database',
    )
    .prefault('redis://127.0.0.1:6379'),
  database: countOrNone.optional(),
  username: text.optional(),
  password: z.string().optional(),
  key_prefix: z
    .string()
    .regex(/^[^\s{}*?[\]]*$/, 'expected a prefix without spaces, braces or wildcards')
    .default(''),
  connection_timeout: seconds.prefault(5),
  budget: seconds.prefault(0.25),
  command_timeout: seconds.prefault(10),
  scan_timeout: seconds.prefault(60),
  read_from: z.enum(['master', 'replica', 'replica-preferred']).default('master'),
  invalidation: z.enum(['tracking', 'pubsub', 'none']).default('tracking'),
  tls: tls.optional(),
  sentinel: sentinel.optional(),
  cluster: cluster.prefault({}),
});

const embedded = z.strictObject({ data_directory: text.default('.qtdal/clickhouse') });

const audit = z.strictObject({
  directory: z
    .string()
    .refine((path) => path === path.trim(), 'expected a path without spaces around it')
    .default(''),
  actor: text.optional(),
  key: z.string().default(''),
});

const writer = z.strictObject({
  directory: text.default('.qtdal/writer'),
  durability: z.enum(['acknowledged', 'journaled']).default('acknowledged'),
  max_future_skew: seconds.prefault(300),
});

/** The file as it is written. Checked, with defaults, and with times in milliseconds. */
export const fileSchema = z.strictObject({
  backend: z.enum(['clickhouse-redis', 'embedded', 'memory']).optional(),
  clickhouse: clickhouse.prefault({}),
  redis: redis.prefault({}),
  embedded: embedded.prefault({}),
  writer: writer.prefault({}),
  audit: audit.prefault({}),
});

export type CheckedFile = z.output<typeof fileSchema>;

/** Keys that earlier versions took, by path, and why they are refused. */
const REMOVED: Readonly<Record<string, string>> = {
  'redis.max_connections':
    'was removed: one connection to each server carries all calls, so there is nothing to limit',
  'redis.max_idle': 'was removed: one connection to each server carries all calls and is never idle',
  'redis.connection_lifetime': 'was removed: a connection that works is never replaced',
};

/** Returns why a key at a path is refused although it was taken once. */
export const removedReason = (path: readonly string[]): string | undefined => {
  const key = path.join('.');
  return Object.hasOwn(REMOVED, key) ? REMOVED[key] : undefined;
};

/** The keys that the table at a path may have; none when no table is there. */
export const keysAt = (path: readonly string[]): string[] => Object.keys(shapeAt(path));

/** The paths of all keys that hold a value, those of optional tables included. */
export const VALUE_PATHS: readonly (readonly string[])[] = valuePaths([]);

/** Whether the key at a path counts seconds. */
export const isSeconds = (path: readonly string[]): boolean => {
  const key = path.at(-1)!;
  return unwrapped(shapeAt(path.slice(0, -1))[key]) === seconds;
};

function valuePaths(path: readonly string[]): (readonly string[])[] {
  const keys = keysAt(path);
  return keys.length === 0 ? [path] : keys.flatMap((key) => valuePaths([...path, key]));
}

function shapeAt(path: readonly string[]): Readonly<Record<string, unknown>> {
  let schema: unknown = fileSchema;
  for (const key of path) {
    const shape = shapeOf(schema);
    schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
  }
  return shapeOf(schema);
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? inner.shape : {};
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
