import { MigrationError } from '@quantumtrade/dal-domain';
import type { MigrationDirection } from '../schema/migration-files.js';

/** Migration that a statement is of, and the database that it is for. */
export interface StatementOrigin {
  readonly database: string;
  readonly version: number;
  readonly direction: MigrationDirection;
  /** Paths in Keeper of the server's tables. A table that a migration made may still be there when it is made again. @default none */
  readonly takenPaths?: readonly string[];
}

/** Statement of a migration for tables that Keeper keeps alike on all servers of a shard. */
export interface ReplicatedStatement {
  readonly text: string;
  /**
   * Servers to run it on. `one-copy`: one server of each shard, any of them, because the others take over its effect; run on each,
   * it would be refused or would copy its rows again.
   */
  readonly runsOn: 'every-server' | 'one-copy';
  /** Statements to run first on the same server. They wait until it has all rows that the statement reads. */
  readonly before: readonly string[];
}

/**
 * Returns a statement of a migration as it is run for replicated tables. Throws `MigrationError` for a table whose engine has no
 * replicated form, and for an ALTER of which the servers take over one part only.
 *
 * - `CREATE TABLE`: the engine becomes `Replicated…MergeTree`, with the macros `{shard}` and `{replica}` of the server and a path in
 *   Keeper that has table, migration and direction in it: a renamed table keeps its path, so a later table of that name needs another.
 *   The servers of a shard, which have the same tables, get the same path.
 * - `non_replicated_deduplication_window` becomes `replicated_deduplication_window`, and tokens are remembered for a year instead of an
 *   hour.
 * - `DROP TABLE` waits until the table has left Keeper, so that its path is free.
 * - `ALTER`, `DELETE`, `UPDATE`, `TRUNCATE` and `OPTIMIZE` wait until all copies of the shard are changed, `INSERT … SELECT` until a
 *   majority has the rows.
 *
 * A server joins a replicated table only with the columns that the others have at that moment. So the servers of a shard run one
 * statement before any of them runs the next, and a server that is added later takes the definitions of another copy instead of the
 * migrations.
 */
export function replicatedStatement(statement: string, origin: StatementOrigin): ReplicatedStatement {
  const text = withReplicatedWindow(statement);
  const everywhere = { text, runsOn: 'every-server', before: [] } as const;
  const verb = /^\w+/.exec(text)?.[0].toUpperCase();
  if (verb === 'CREATE') return { ...everywhere, text: withReplicatedEngine(text, origin) };
  if (verb === 'DROP') return { ...everywhere, text: withSync(text) };
  if (verb === 'ALTER' && isLocalAlter(text, origin)) return everywhere;
  if (verb !== undefined && CHANGES.has(verb)) {
    return { text: withSettings(text, 'alter_sync = 2, mutations_sync = 2'), runsOn: 'one-copy', before: [] };
  }
  if (verb === 'INSERT') return insertion(text);
  return everywhere;
}

const CHANGES = new Set(['ALTER', 'DELETE', 'OPTIMIZE', 'TRUNCATE', 'UPDATE']);

const QUOTED = /'(?:[^'\\]|\\.|'')*'|`[^`]*`|"[^"]*"|--[^\n]*|\/\*.*?\*\//gs;
const NAME = '[`"]?(\\w+)[`"]?';

/** Returns a text of the same length, in which each quoted text and each comment is a word that is no keyword. */
const masked = (text: string): string => text.replace(QUOTED, (quoted) => '_'.repeat(quoted.length));

const WINDOW = /\bnon_(replicated_deduplication_window)\b(\s*=\s*\d+)?/gi;
/** Seconds of a year. The engine's own limit is an hour, and a journal may send a block again after days. */
const REMEMBERED_SECONDS = 31_536_000;

/** Returns a text with the settings of replicated tables in place of those of other tables. */
export function withReplicatedWindow(text: string): string {
  const mask = masked(text);
  return text.replace(WINDOW, (match, window: string, value: string | undefined, offset: number) => {
    if (!mask.startsWith(match, offset)) return match;
    const seconds = `${window}_seconds`;
    return value ? `${window}${value}, ${seconds} = ${REMEMBERED_SECONDS}` : `${window}, ${seconds}`;
  });
}

const TABLE = new RegExp(
  `^CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:TABLE|MATERIALIZED\\s+VIEW)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?${NAME}`,
  'i',
);
const ENGINE = /\bENGINE\s*=\s*(\w+)(\s*\(\s*)?/i;
const PLAIN_ENGINE = /^(?!Replicated|Shared)\w*MergeTree$/;

function withReplicatedEngine(text: string, origin: StatementOrigin): string {
  const [, table] = TABLE.exec(text) ?? [];
  if (table === undefined) return text;
  const found = ENGINE.exec(masked(text));
  if (!found) {
    // A materialized view that writes to a table has no engine.
    return /^CREATE\s+MATERIALIZED\b/i.test(text) ? text : refuse(origin, table, 'names no engine');
  }
  const [clause, engine = '', open] = found;
  if (!PLAIN_ENGINE.test(engine))
    refuse(origin, table, `has the engine ${engine}, which has no replicated form`);
  const path = freePath(origin, table);
  const end = found.index + clause.length;
  const next = open === undefined ? ')' : text[end] === ')' ? '' : ', ';
  return `${text.slice(0, found.index)}ENGINE = Replicated${engine}('${path}', '{replica}'${next}${text.slice(end)}`;
}

function freePath({ database, version, direction, takenPaths = [] }: StatementOrigin, table: string): string {
  const first = `/clickhouse/tables/{shard}/${database}/${table}/${String(version).padStart(4, '0')}_${direction}`;
  let path = first;
  for (let count = 2; takenPaths.includes(path); count++) path = `${first}_${count}`;
  return path;
}

const withSync = (text: string): string =>
  /^DROP\s+TABLE\b(?!.*\b(?:SYNC|NO\s+DELAY)$)/is.test(text) ? `${text} SYNC` : text;

const COMMAND =
  /(?:^ALTER\s+TABLE\s+\S+\s+|,\s*)((?:ADD|ATTACH|CLEAR|COMMENT|DELETE|DETACH|DROP|FETCH|FREEZE|MATERIALIZE|MODIFY|MOVE|REMOVE|RENAME|REPLACE|RESET|UNFREEZE|UPDATE)\s+\w+)/gi;
const LOCAL_COMMAND = /^(?:(?:MODIFY|RESET)\s+SETTING|MODIFY\s+COMMENT|FETCH\s+\w+|(?:UN)?FREEZE\s+\w+)$/i;

/** Returns whether an ALTER changes nothing but the server that it is run on. */
function isLocalAlter(text: string, origin: StatementOrigin): boolean {
  const commands = [...masked(text).matchAll(COMMAND)].map(([, command]) => command!);
  const local = commands.filter((command) => LOCAL_COMMAND.test(command));
  if (local.length === 0) return false;
  if (local.length === commands.length) return true;
  const [, table = ''] = new RegExp(`^ALTER\\s+TABLE\\s+${NAME}`, 'i').exec(text) ?? [];
  return refuse(origin, table, `is altered by ${local[0]} and others in one statement: make it two`);
}

function withSettings(text: string, settings: string): string {
  return /\bSETTINGS\s+\w+\s*=/i.test(masked(text)) ? `${text}, ${settings}` : `${text} SETTINGS ${settings}`;
}

const SOURCE = new RegExp(`\\b(?:FROM|JOIN)\\s+${NAME}(?![\\w\`"])(?!\\s*[.(])`, 'gi');

function insertion(text: string): ReplicatedStatement {
  if (!/\bSELECT\b/i.test(masked(text))) return { text, runsOn: 'one-copy', before: [] };
  const sources = new Set([...text.matchAll(SOURCE)].map(([, source]) => source!));
  return {
    text: withSettings(text, "insert_quorum = 'auto'"),
    runsOn: 'one-copy',
    before: [...sources].map((source) => `SYSTEM SYNC REPLICA ${source}`),
  };
}

function refuse({ version, direction }: StatementOrigin, table: string, reason: string): never {
  throw new MigrationError(version, `table ${table} (${direction}) ${reason}`, {
    operation: 'schema.migrate',
  });
}
