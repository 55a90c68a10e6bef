import { createHash } from 'node:crypto';
import { ValidationError } from '../errors.js';
import { isMapOfOwn } from '../arguments.js';
import type { RecordDefinition } from '../records/definition.js';
import type { FieldKind } from '../records/field.js';
import { fieldFromJson, fieldToJson, toCanonicalField } from '../records/field.js';
import type { Canonical } from '../records/kinds/kind.js';
import { Invalid } from '../records/kinds/kind.js';
import type { RowOrder } from './order.js';
import type { SelectionPlan } from './selection.js';

/** Version of the cursor's form. */
const VERSION = 1;
const HASH_LENGTH = 16;
const NAME_KINDS: ReadonlySet<FieldKind> = new Set(['symbol', 'label', 'id', 'text']);

/** Selection and order that a cursor belongs to. Pages with others refuse it. */
export interface CursorScope {
  readonly selection: SelectionPlan;
  readonly order: RowOrder;
}

/** Content of a cursor. */
export interface CursorPosition {
  /** Position of the last item of the page before; empty for the first page. */
  readonly position: readonly Canonical[];
  /** Numbers of the shards whose rows the pages before lack. */
  readonly missing: readonly number[];
}

/**
 * Returns the cursor of the page after an item: base64url of JSON with a version, a hash of the query, the position of the item and the
 * missing shards, if there are any. The page after an empty position is the first one.
 */
export function encodeCursor(
  scope: CursorScope,
  position: readonly Canonical[],
  missing: readonly number[] = [],
): string {
  const { fields } = scope.selection.definition;
  const k = position.map((value, i) => fieldToJson(fields[scope.order.fields[i]!]!, value));
  const content = { v: VERSION, q: hashOf(scope), k, ...(missing.length > 0 && { m: missing }) };
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** Returns the content of a cursor; throws `ValidationError` naming `cursor` when it is malformed or of another query. */
export function decodeCursor(scope: CursorScope, cursor: unknown, operation: string): CursorPosition {
  const refuse = (reason: string) => new ValidationError('cursor', reason, { operation });
  if (typeof cursor !== 'string' || cursor === '') throw refuse('must be the nextCursor of a page');
  const { v, q, k, m = [] } = parse(cursor) ?? {};
  if (v !== VERSION || typeof q !== 'string' || !Array.isArray(k) || !areShards(m)) {
    throw refuse('is no cursor: give the nextCursor of a page unchanged');
  }
  if (q !== hashOf(scope)) {
    throw refuse('belongs to another query: selection, order and direction must be those of its page');
  }
  const { definition } = scope.selection;
  const position = k.length === 0 ? [] : scope.order.fields.map((name, i) => valueOf(definition, name, k[i]));
  if (k.length !== position.length || position.some((value) => value === undefined)) {
    throw refuse('holds no position of its query');
  }
  return { position: position as Canonical[], missing: m };
}

const areShards = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((shard) => Number.isSafeInteger(shard) && shard > 0);

function parse(cursor: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.toString('base64url') !== cursor) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (!isMapOfOwn(value)) return undefined;
    return Object.keys(value).length === ('m' in value ? 4 : 3) ? value : undefined;
  } catch {
    return undefined;
  }
}

function valueOf({ fields }: RecordDefinition, name: string, json: unknown): Canonical | undefined {
  const field = fields[name]!;
  const value = toCanonicalField(field, fieldFromJson(field, json));
  if (!(value instanceof Invalid)) return value ?? undefined;
  // Other programs may have stored names that a write would refuse.
  return NAME_KINDS.has(field.kind) && typeof json === 'string' ? json : undefined;
}

function hashOf({ selection, order }: CursorScope): string {
  const { definition, equals, symbols, start, end } = selection;
  const conditions = equals.map(({ name, field, value }) => [name, fieldToJson(field, value)]).sort();
  const described = [definition.name, conditions, symbols, start, end, order.fields, order.descending];
  return createHash('sha256').update(JSON.stringify(described)).digest('base64url').slice(0, HASH_LENGTH);
}
