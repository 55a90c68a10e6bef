import { ValidationError } from '../errors.js';
import { readMembers, requireOneOf, requireType, requireWholeNumber } from '../arguments.js';
import type { RecordDefinition } from '../records/definition.js';
import type { Canonical } from '../records/kinds/kind.js';
import type { MissingShards } from '../ports/call.js';
import type { MissingShard, Page } from '../results.js';
import type { CursorPosition } from './cursor.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { ItemForm, RowOrder } from './order.js';
import { orderFields } from './order.js';
import type { InstantForm } from '../records/kinds/number.js';
import type { OrderName } from './parameters.js';
import { COLUMN_KEYS, PAGE_KEYS, ROW_STREAM_KEYS, STREAM_KEYS } from './parameter-keys.js';
import type { SelectionPlan } from './selection.js';
import { planSelection } from './selection.js';

/** Default number of rows in a batch of a stream. */
const BATCH_ROWS = 10_000;

/** Greatest `limit` and `batchRows`. */
const MAX_ROWS = 0xffffffff;

const FIRST_PAGE: CursorPosition = { position: [], missing: [] };

const ORDERS: readonly OrderName[] = ['time', 'key', 'none'];

/** A checked read of rows or columns in canonical form, ready for any adapter. */
export interface QueryPlan extends SelectionPlan {
  /** Fields to return, in the order of the definition. */
  readonly select: readonly string[];
  /** Form of the instants in rows; without effect on columns. */
  readonly instants: InstantForm;
  readonly order: RowOrder;
  /** Position of the item after which the answer begins; undefined where it begins with the first one. */
  readonly after: readonly Canonical[] | undefined;
  readonly limit: number | undefined;
  /** Rows that the call may scan, as its caller says. */
  readonly maxScanRows: number | undefined;
}

/** A checked `find`. An adapter reads one item more than the limit to learn whether there are any. */
export interface PagePlan extends QueryPlan {
  readonly limit: number;
  /** Whether all matching items are counted where the page does not show them all. */
  readonly count: boolean;
  /** Numbers of the shards that the pages before lack, and that this page does not read either. */
  readonly missing: readonly number[];
}

/** A checked `stream` or `streamColumns`. */
export interface StreamPlan extends QueryPlan {
  readonly batchRows: number;
}

/**
 * Checks the parameters of `find`; throws `ValidationError` naming the parameter. The limit is `defaultLimit` where none is given.
 * Items are sets where `find` returns sets. The cursor of a page that lacks shards is refused unless they are allowed to be missing.
 */
export function planPage(
  definition: RecordDefinition,
  params: unknown,
  operation: string,
  defaultLimit: number,
  missingShards?: MissingShards,
): PagePlan {
  const form = definition.batch.form;
  const given = readParams(params, keysOfItems(PAGE_KEYS, form), operation);
  const plan = planRows(definition, given, form, operation);
  const { cursor, count = cursor === undefined } = given;
  requireType('count', count, 'boolean', operation);
  if (cursor !== undefined && plan.order.by === 'none') {
    const reason =
      'must not be given together with the order none: it has no positions. Pages need the order time or key';
    throw new ValidationError('cursor', reason, { operation });
  }
  const { position, missing } =
    cursor === undefined
      ? FIRST_PAGE
      : decodeCursor({ selection: plan, order: plan.order }, cursor, operation);
  if (missing.length > 0 && missingShards !== 'allowed') {
    const reason = `is of a page without the rows of shard ${missing.join(' and ')}: begin anew, or go on with missingShards allowed`;
    throw new ValidationError('cursor', reason, { operation });
  }
  return {
    ...plan,
    after: position.length === 0 ? undefined : position,
    limit: plan.limit ?? defaultLimit,
    count: count as boolean,
    missing,
  };
}

/** Checks the parameters of `stream`. */
export function planStream(definition: RecordDefinition, params: unknown, operation: string): StreamPlan {
  const form = definition.batch.form;
  return planBatches(definition, params, keysOfItems(ROW_STREAM_KEYS, form), form, operation);
}

/** Checks the parameters of `streamColumns`. */
export const planColumnStream = (
  definition: RecordDefinition,
  params: unknown,
  operation: string,
): StreamPlan => planBatches(definition, params, STREAM_KEYS, 'rows', operation);

function planBatches(
  definition: RecordDefinition,
  params: unknown,
  keys: readonly string[],
  form: ItemForm,
  operation: string,
): StreamPlan {
  const given = readParams(params, keys, operation);
  const { batchRows = BATCH_ROWS } = given;
  requireWholeNumber('batchRows', batchRows, operation, { min: 1, max: MAX_ROWS });
  return { ...planRows(definition, given, form, operation), batchRows: batchRows as number };
}

const OF_ROWS_ONLY = ['select', 'instants'];

/** Returns the keys of a read whose items have this form. */
const keysOfItems = (keys: readonly string[], form: ItemForm): readonly string[] =>
  form === 'sets' ? keys.filter((key) => !OF_ROWS_ONLY.includes(key)) : keys;

/** Checks the parameters of `columns`. */
export function planColumns(definition: RecordDefinition, params: unknown, operation: string): QueryPlan {
  return planRows(definition, readParams(params, COLUMN_KEYS, operation), 'rows', operation);
}

/**
 * Returns the end of a page whose last item has this position. A page in any order has no cursor.
 * @param last undefined where the page is empty
 * @param missing shards that the page lacks @default none
 */
export function endOfPage(
  plan: PagePlan,
  hasMore: boolean,
  last: readonly Canonical[] = plan.after ?? [],
  missing: readonly MissingShard[] = [],
): Pick<Page<unknown>, 'hasMore' | 'nextCursor'> {
  const scope = { selection: plan, order: plan.order };
  const shards = missing.map(({ shard }) => shard);
  const nextCursor = hasMore && plan.order.by !== 'none' ? encodeCursor(scope, last, shards) : null;
  return { hasMore, nextCursor };
}

/** Returns whether all items that match must be counted: the page leaves some out, and the count is asked for and can be known. */
export const needsCount = ({ after, count, missing }: PagePlan, hasMore: boolean): boolean =>
  count && missing.length === 0 && (hasMore || after !== undefined);

const readParams = (params: unknown, keys: readonly string[], operation: string) =>
  readMembers('params', params === undefined ? {} : params, keys, operation);

function planRows(
  definition: RecordDefinition,
  given: Readonly<Record<string, unknown>>,
  form: ItemForm,
  operation: string,
): QueryPlan {
  const selection = planSelection(definition, given, operation);
  const { limit, order, direction, instants = 'date', maxScanRows } = given;
  requireOneOf('order', order, ORDERS, operation);
  requireOneOf('direction', direction, ['ascending', 'descending'], operation);
  if (order === 'none' && direction !== undefined) {
    throw new ValidationError('direction', 'must not be given together with the order none', { operation });
  }
  requireOneOf('instants', instants, ['date', 'number'], operation);
  requireWholeNumber('maxScanRows', maxScanRows, operation, { min: 1 });
  const by = (order as OrderName | undefined) ?? (hasOneSeries(selection) ? 'time' : 'key');
  return {
    ...selection,
    select: requireSelect(definition, given['select'], operation),
    instants: instants as InstantForm,
    order: { by, fields: orderFields(definition, by, form), descending: direction === 'descending' },
    after: undefined,
    limit: limit === undefined ? undefined : requireLimit(limit, operation),
    maxScanRows: maxScanRows as number | undefined,
  };
}

/** Returns whether all rows are of one symbol, or have one value of the key's first field. */
const hasOneSeries = (selection: SelectionPlan): boolean =>
  hasOneFirstValue(selection) || selection.equals.some(({ name }) => name === 'symbol');

/** Returns whether all rows have one value of the key's first field, so that few of them are read and sorted. */
export const hasOneFirstValue = ({ definition, equals }: SelectionPlan): boolean =>
  equals.some(({ name }) => name === definition.key[0]);

function requireSelect({ fields }: RecordDefinition, select: unknown, operation: string): readonly string[] {
  const names = Object.keys(fields);
  if (select === undefined) return names;
  if (!Array.isArray(select) || select.length === 0) {
    throw new ValidationError('select', 'must be a list of at least one field', { operation });
  }
  if (select.some((name) => !names.includes(name as string))) {
    throw new ValidationError('select', `must be among ${names.join(', ')}`, { operation });
  }
  return names.filter((name) => select.includes(name));
}

export function requireLimit(limit: unknown, operation: string): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= MAX_ROWS) return limit;
  throw new ValidationError('limit', `must be a whole number from 0 to ${MAX_ROWS}`, { operation });
}
