import type { SchemaPhase } from '@quantumtrade/dal-domain';
import { targetsOf } from './losses.js';

/** Effect of a statement on the programs that use the tables while it runs. */
export interface StatementEffect {
  readonly phase: SchemaPhase;
  readonly blocks: string;
  /** Tables that the statement writes anew, or columns that become what their definition says. */
  readonly rewrites: readonly Rewrite[];
}

export interface Rewrite {
  readonly table: string;
  readonly column?: string;
  readonly definition?: string;
}

const NOTHING_WAITS = 'nothing waits';
const ALTERS_WAIT = 'other ALTERs of the table wait, reads and writes do not';
const BRIEFLY = 'waits for the queries that use the table, and queries wait for a moment';
const NAME = '[`"]?(\\w+)[`"]?';

const COPY = new RegExp(`^INSERT\\s+INTO\\b.*?\\bFROM\\s+${NAME}`, 'is');
const ALTER = new RegExp(`^ALTER\\s+TABLE\\s+${NAME}`, 'i');
const MUTATION = /\b(?:UPDATE|DELETE\s+WHERE|MATERIALIZE)\b/i;
const REMOVAL = /\b(?:DROP|CLEAR|RENAME)\s+(?:COLUMN|PART|PARTITION|INDEX|PROJECTION|CONSTRAINT)\b/i;
/** First words of a definition that leaves the values of a column as they are. */
const METADATA = /^(?:CODEC|COMMENT|DEFAULT|MATERIALIZED|ALIAS|TTL|REMOVE|MODIFY|RESET)\b/i;

/** Returns the effect of a statement, as far as its text says it. */
export function effectOf(statement: string): StatementEffect {
  const [, source] = COPY.exec(statement) ?? [];
  if (source !== undefined)
    return { phase: 'backfill', blocks: NOTHING_WAITS, rewrites: [{ table: source }] };
  if (/^SELECT\b/i.test(statement)) return { phase: 'check', blocks: NOTHING_WAITS, rewrites: [] };
  if (/^(?:DROP|TRUNCATE|RENAME)\b/i.test(statement))
    return { phase: 'contract', blocks: BRIEFLY, rewrites: [] };
  const [, table] = ALTER.exec(statement) ?? [];
  if (table === undefined) return { phase: 'expand', blocks: NOTHING_WAITS, rewrites: [] };
  if (MUTATION.test(statement)) return { phase: 'backfill', blocks: ALTERS_WAIT, rewrites: [{ table }] };
  if (REMOVAL.test(statement)) return { phase: 'contract', blocks: ALTERS_WAIT, rewrites: [] };
  const rewrites = targetsOf(statement).filter(({ definition = 'CODEC' }) => !METADATA.test(definition));
  return { phase: rewrites.length > 0 ? 'backfill' : 'expand', blocks: ALTERS_WAIT, rewrites };
}
