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

/**
 * Returns the cursor of the page after an item: base64url of JSON with a version, a hash of the query and the position of the
 * item. The page after an empty position is the first one.
 */
export function encodeCursor(scope: CursorScope, position: readonly Canonical[]): string {
  const { fields } = scope.selection.definition;
  const k = position.map((value, i) => fieldToJson(fields[scope.order.fields[i]!]!, value));
  return Buffer.from(JSON.stringify({ v: VERSION, q: hashOf(scope), k })).toString('base64url');
}

/** Returns the position in a cursor; throws `ValidationError` naming `cursor` when it is malformed or of another query. */
export function decodeCursor(scope: CursorScope, cursor: unknown, operation: string): readonly Canonical[] {
  const refuse = (reason: string) => new ValidationError('cursor', reason, { operation });
  if (typeof cursor !== 'string' || cursor === '') throw refuse('must be the nextCursor of a page');
  const { v, q, k } = parse(cursor) ?? {};
  if (v !== VERSION || typeof q !== 'string' || !Array.isArray(k)) {
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
  return position as Canonical[];
}

function parse(cursor: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.toString('base64url') !== cursor) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isMapOfOwn(value) && Object.keys(value).length === 3 ? value : undefined;
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
