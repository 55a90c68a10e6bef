import type { AggregateSums, AggregationPlan, BucketWidth, Canonical, Field } from '@quantumtrade/dal-domain';
import { columnOf, FLOAT_SCALE, sessionInstant } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';

/**
 * Returns the query of one row per bucket and group that holds any record. Sums are wide enough never to overflow.
 * @param where the `WHERE` clause of the rows, or empty
 */
export function bucketQuery(plan: AggregationPlan, where: string): string {
  const groups = plan.groupBy.map((group, i) => `${columnOf(group)} AS group_${i}`);
  const columns = [
    `${bucketExpression(plan)} AS bucket`,
    ...groups,
    'count() AS row_count',
    ...measureExpressions(plan),
    ...(plan.bars ? barExpressions(plan) : []),
    ...(plan.separateSources
      ? ['min(source) AS source_of_some', 'min(source) != max(source) AS mixes_sources']
      : []),
  ];
  // Without a key to group by, no rows at all would still make one group.
  return `SELECT ${columns.join(', ')} FROM ${plan.definition.table} FINAL ${where}
    GROUP BY bucket${plan.groupBy.map((_, i) => `, group_${i}`).join('')} HAVING row_count > 0`;
}

/** Returns the query of the first buckets and groups in their order: by bucket, then by the groups. */
export function aggregateQuery(plan: AggregationPlan, where: string, limit: number | undefined): string {
  const order = ['bucket', ...plan.groupBy.map((_, i) => `group_${i}`)].join(', ');
  const buckets = bucketQuery(plan, where);
  return `${buckets} ORDER BY ${order}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
}

/** Start of the bucket: milliseconds for a fixed width or sessions, months since January 1970 for a calendar one. */
function bucketExpression({ width }: AggregationPlan): string {
  if (!width) return 'toInt64(0)';
  const [instant, step] = rowPosition(width);
  return `toInt64(${instant}) - toInt64(positiveModulo(toInt64(${instant}), toInt64(${step})))`;
}

function rowPosition(width: BucketWidth): [instant: string, step: number] {
  const epochMs = 'toUnixTimestamp64Milli(timestamp)';
  switch (width.kind) {
    case 'fixed':
      return [`${epochMs} - (${width.originMs})`, width.widthMs];
    case 'calendar':
      return ['toInt64(toYear(timestamp) - 1970) * 12 + toMonth(timestamp) - 1', width.months];
    case 'session': {
      const { timeZone, startMs } = width.session;
      const offset = `toInt64(timeZoneOffset(toTimeZone(timestamp, '${timeZone}'))) * 1000`;
      return [`${epochMs} + ${offset} - (${startMs + width.originMs})`, width.widthMs];
    }
  }
}

function bucketStartOf({ width }: AggregationPlan, bucket: number): number | undefined {
  switch (width?.kind) {
    case 'fixed':
      return bucket + width.originMs;
    case 'session':
      return sessionInstant(width.session, bucket + width.originMs);
    case 'calendar':
      return Date.UTC(1970, bucket, 1);
    default:
      return undefined;
  }
}

/** Whether values are summed as float64, and not exactly. */
export const isFloat = ({ kind }: Field): boolean => kind === 'float32' || kind === 'float64';

function measureExpressions({ measure: { name, field } }: AggregationPlan): string[] {
  const column = columnOf(name);
  const wide = field.kind === 'decimal' ? wideDecimal(column) : `toUInt256(${column})`;
  // The engine would divide the sum by a plain constant, and not the values.
  const scaled = `toFloat64(${column}) / materialize(${FLOAT_SCALE})`;
  const exact = (value: string) => (field.kind === 'decimal' ? wideDecimal(value) : value);
  const sums = isFloat(field)
    ? [`sum(toFloat64(${column})) AS total`, `sum(${scaled}) AS scaled_total`]
    : [`sum(${wide}) AS total`];
  return [
    `${exact(`min(${column})`)} AS least`,
    `${exact(`max(${column})`)} AS greatest`,
    `count(${column}) AS value_count`,
    ...sums,
  ];
}

const wideDecimal = (column: string): string => `toDecimal256(${column}, 8)`;

function barExpressions({ definition, groupBy, selection }: AggregationPlan): string[] {
  const fixed = new Set<string>([...groupBy, ...selection.equals.map(({ name }) => name)]);
  const position = [
    'timestamp',
    ...definition.key.filter((name) => name !== 'timestamp' && !fixed.has(name)),
  ];
  const order = `(${position.map(columnOf).join(', ')})`;
  return [
    `argMin(open, ${order}) AS bar_open`,
    'max(high) AS bar_high',
    'min(low) AS bar_low',
    `argMax(close, ${order}) AS bar_close`,
    `sum(${wideDecimal('volume')}) AS bar_volume`,
    `sum((${wideDecimal('high')} + low + close) * volume) AS bar_weighted`,
  ];
}

/** One bucket of one group. */
export interface AggregateRow {
  readonly sums: AggregateSums;
  /** One of the sources of its bars; undefined where sources may be combined. */
  readonly source: unknown;
  /** Whether its bars are of several sources that may not be combined. */
  mixesSources: boolean;
}

/** Returns the rows of a block of {@link bucketQuery}. */
export const aggregatesOf = (plan: AggregationPlan, block: DecodedBlock): AggregateRow[] =>
  Array.from({ length: block.rowCount }, (_, row) => {
    const column = (name: string) => block.column(name).at(row);
    return {
      sums: decodeSums(plan, column),
      source: plan.separateSources ? column('source_of_some') : undefined,
      mixesSources: plan.separateSources && Boolean(column('mixes_sources')),
    };
  });

/** Returns the value of a column in one row of an answer. */
type ReadColumn = (name: string) => unknown;

function decodeSums(plan: AggregationPlan, column: ReadColumn): AggregateSums {
  const { field } = plan.measure;
  const decimal = (name: string) => column(name) as bigint;
  const bound = (name: string) => (column(name) as Canonical | null) ?? undefined;
  return {
    intervalStart: bucketStartOf(plan, Number(column('bucket'))),
    group: Object.fromEntries(plan.groupBy.map((group, i) => [group, column(`group_${i}`) as string])),
    count: Number(column('row_count')),
    valueCount: Number(column('value_count')),
    min: bound('least'),
    max: bound('greatest'),
    // Decimals and whole numbers are summed exactly, floats as float64.
    sum: isFloat(field)
      ? { total: column('total') as number, scaled: column('scaled_total') as number }
      : // The engine's sum of no values is null.
        ((column('total') as bigint | null) ?? 0n),
    ...(plan.bars && {
      bar: {
        open: decimal('bar_open'),
        high: decimal('bar_high'),
        low: decimal('bar_low'),
        close: decimal('bar_close'),
        volume: decimal('bar_volume'),
        weighted: decimal('bar_weighted'),
      },
    }),
  };
}
