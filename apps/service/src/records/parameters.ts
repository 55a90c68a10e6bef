import type { MissingShards, RecordDefinition } from '@quantumtrade/dal-domain';
import { z } from 'zod';
import { INSTANT_TEXT } from './instant-text.js';

/** A read as a port takes it. */
export interface Read {
  readonly params: Readonly<Record<string, unknown>>;
  readonly options: {
    readonly exact?: boolean;
    readonly readAfter?: string[];
    readonly missingShards?: MissingShards;
  };
}

const WHOLE = /^\d{1,15}$/;
const EPOCH_MS = /^-?\d{1,15}$/;
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false };
const FILTER = 'filter.';

const isText = (value: unknown): value is string => typeof value === 'string';

/** A whole number in a query string. */
export const whole = (min = 0) =>
  z.preprocess((value) => (isText(value) && WHOLE.test(value) ? Number(value) : value), z.int().min(min));

export const flag = z.preprocess((value) => (isText(value) ? (FLAGS[value] ?? value) : value), z.boolean());

/** A parameter that may be repeated. */
export const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (isText(value) ? [value] : value), z.array(item).min(1));

const instant = z
  .string()
  .refine((text) => EPOCH_MS.test(text) || INSTANT_TEXT.test(text), {
    error: 'must be an instant with a zone',
  })
  .transform((text) => (EPOCH_MS.test(text) ? Number(text) : new Date(text)));

const described = <T extends z.ZodType>(schema: T, description: string): z.ZodOptional<T> =>
  schema.optional().meta({ description });

const readAfter = described(list(z.string()), 'Write tokens: the read sees these writes. May be repeated');
const exact = described(
  flag,
  'true: decimals and 64-bit integers are exact strings. Default false: numbers, and a value that no number stands for fails the read',
);

const missingShards = described(
  z.enum(['refused', 'allowed']),
  'allowed: an answer may lack the rows of shards that cannot be reached, and names them in missing. Default: refused, the read fails',
);

const oneOf = (values: readonly string[]) => z.enum(values as [string, ...string[]]);

function selection({ fields, filters }: RecordDefinition) {
  return {
    ...('symbol' in fields && {
      symbol: described(
        list(z.string()),
        'Symbols of which a row must have one. May be repeated. Default: any',
      ),
    }),
    startTime: described(
      instant,
      'First instant, inclusive: ISO 8601 with a zone, a date in UTC, or epoch milliseconds',
    ),
    endTime: described(instant, 'End of the range, exclusive'),
    ...Object.fromEntries(
      filters.map((name) => [FILTER + name, described(z.string(), `Value that ${name} must equal`)]),
    ),
  };
}

const ORDER =
  'Order of the rows. none: any order, which costs least. Default: time for rows of one symbol, else the order in which they are stored';

function rows(definition: RecordDefinition, isSet: boolean) {
  return {
    ...selection(definition),
    ...(!isSet && {
      select: described(list(oneOf(Object.keys(definition.fields))), 'Fields to read. Default: all'),
    }),
    order: described(z.enum(['time', 'key', 'none']), ORDER),
    direction: described(z.enum(['ascending', 'descending']), 'Direction of the order. Default: ascending'),
    maxScanRows: described(whole(1), 'Rows that the call may scan. Default: clickhouse.scan_budget_rows'),
  };
}

const isSetRecord = ({ batch }: RecordDefinition): boolean => batch.form === 'sets';

const OPTIONS = { exact, readAfter };
const OPTION_NAMES = [...Object.keys(OPTIONS), 'missingShards'];

/** Sets have no decimals, so that they have no exact form. */
const options = (definition: RecordDefinition): typeof OPTIONS =>
  isSetRecord(definition) ? ({ readAfter } as typeof OPTIONS) : OPTIONS;

const limit = (text: string) => described(whole(), `Maximum number of ${text}`);

/** Query string of a page. */
export const pageQuery = (definition: RecordDefinition) =>
  readSchema({
    ...rows(definition, isSetRecord(definition)),
    limit: limit('rows. Default: clickhouse.default_page_rows, 10,000'),
    cursor: described(
      z.string(),
      'nextCursor of the page before, of the same query. Not with the order none',
    ),
    count: described(
      flag,
      'Whether rows beyond the page are counted. Default: true without a cursor, else false',
    ),
    ...options(definition),
    missingShards,
  });

/** Query string of an explanation: that of a page, without the options of a read. */
export const explainQuery = (definition: RecordDefinition) =>
  readSchema({
    ...rows(definition, isSetRecord(definition)),
    limit: limit('rows'),
    cursor: z.string().optional(),
  });

/** Query string of a stream. Arrow streams have single rows also where pages have sets. */
export const streamQuery = (definition: RecordDefinition) =>
  readSchema({
    ...rows(definition, false),
    limit: limit('rows. Default: no limit'),
    batchRows: described(whole(1), 'Maximum number of rows that are read at once. Default: 10,000'),
    ...options(definition),
  });

/** Query string of aggregates. */
export function aggregatesQuery(definition: RecordDefinition) {
  const { groups, measures, bars } = definition.aggregate!;
  return readSchema({
    ...selection(definition),
    interval: described(z.string(), 'Width of a bucket, e.g. 5m, 1h, 1d, 1w, 1mo. Default: one bucket'),
    session: described(z.string(), 'Trading days of us-futures or us-equities, for the interval 1d or 1w'),
    groupBy: described(list(oneOf(groups)), `Fields to group by. Default: ${groups[0]}`),
    measure: described(oneOf(measures), `Field of min, max and avg. Default: ${measures[0]}`),
    ...(bars && {
      sources: described(
        z.literal('combine'),
        'combine: bars of several sources of one instant are added up',
      ),
    }),
    limit: limit('aggregates. Default: no limit'),
    maxScanRows: described(whole(1), 'Rows that the call may scan'),
    exact,
    readAfter,
  });
}

/** Query string of newest rows, by the field of which the caller gives values. */
export const latestQuery = (definition: RecordDefinition, by: string, hasLimit: boolean) =>
  z.strictObject({
    [by]: list(z.string()).meta({ description: `Values of ${by}. May be repeated` }),
    ...(hasLimit && { limit: described(whole(1), 'Newest rows of each value. Default: 1') }),
    ...options(definition),
    missingShards,
  });

/** Query string of a row by its identifier. */
export const identifierQuery = (definition: RecordDefinition) => z.strictObject(options(definition));

/** Query string of rows that have fallen due. */
export const dueQuery = (definition: RecordDefinition) =>
  z.strictObject({
    horizonMinutes: whole(0).meta({ description: 'Horizon of the rows' }),
    limit: limit('rows. Default: no limit'),
    ...options(definition),
  });

function readSchema(shape: z.ZodRawShape): z.ZodType<Read> {
  return z.strictObject(shape).transform(toRead);
}

/** Separates the options from the parameters, and collects the filters. */
function toRead(query: Readonly<Record<string, unknown>>): Read {
  const params: Record<string, unknown> = {};
  const filters: Record<string, unknown> = {};
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (name.startsWith(FILTER)) filters[name.slice(FILTER.length)] = value;
    else if (OPTION_NAMES.includes(name)) options[name] = value;
    else params[name === 'symbol' ? 'symbols' : name] = value;
  }
  if (Object.keys(filters).length > 0) params['filters'] = filters;
  return { params, options };
}
