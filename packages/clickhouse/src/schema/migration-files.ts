import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '@quantumtrade/dal-domain';

export type MigrationDirection = 'up' | 'down';

/** Numbered step of the schema, with the statements that undo it. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** SHA-256 of both files, independent of line endings. */
  readonly checksum: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
}

const FILE = /^(\d{4})_([a-z0-9_]+)\.(up|down)\.sql$/;

/** Reads the migrations of a folder, ascending from version 1. Throws `MigrationError` naming a wrong file. */
export async function loadMigrations(directory: string): Promise<Migration[]> {
  const texts = new Map<number, { name: string } & Partial<Record<MigrationDirection, string>>>();
  for (const file of (await sqlFiles(directory)).sort()) {
    const [, digits, name, direction] =
      FILE.exec(file) ?? refuse(0, `${file} is not named NNNN_name.up.sql or NNNN_name.down.sql`);
    const version = Number(digits);
    const pair = texts.get(version) ?? { name: name! };
    if (pair.name !== name) refuse(version, `${file} has the number of ${pair.name}`);
    pair[direction as MigrationDirection] = (await readFile(join(directory, file), 'utf8')).replaceAll(
      '\r\n',
      '\n',
    );
    texts.set(version, pair);
  }
  return [...texts].map(([version, { name, up, down }], index) => {
    if (version !== index + 1)
      refuse(index + 1, `has no files, yet ${migrationFileName(version, name, 'up')} exists`);
    return {
      version,
      name,
      checksum: createHash('sha256').update(`${up}\0${down}`).digest('hex'),
      up: statements(migrationFileName(version, name, 'up'), version, up),
      down: statements(migrationFileName(version, name, 'down'), version, down),
    };
  });
}

export function migrationFileName(version: number, name: string, direction: MigrationDirection): string {
  return `${String(version).padStart(4, '0')}_${name}.${direction}.sql`;
}

async function sqlFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((file) => file.endsWith('.sql'));
  } catch (cause) {
    throw new MigrationError(0, `the folder ${directory} cannot be read`, {
      operation: 'schema.load',
      cause,
    });
  }
}

/** Splits a file into statements: each ends with a semicolon at the end of a line; comments have lines of their own. */
function statements(file: string, version: number, text: string | undefined): string[] {
  if (text === undefined) refuse(version, `${file} is missing`);
  const found = text
    .replace(/^\s*--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  if (found.length === 0) refuse(version, `${file} holds no statement`);
  found.forEach((statement, index) => {
    const at = `${file}, statement ${index + 1}`;
    const reason = unsafeToRepeat(statement);
    if (reason) refuse(version, `${at}: ${reason}, so that it is safe to run twice`);
    if (statement.includes('{partition:') && backfilledFrom(statement) === undefined)
      refuse(version, `${at}: a backfill is INSERT INTO … SELECT … FROM table WHERE ${PARTITION_CONDITION}`);
  });
  return found;
}

/** Condition of a statement that is run once for each partition of the table it reads. */
const PARTITION_CONDITION = '_partition_id = {partition:String}';
const BACKFILL =
  /^INSERT\s+INTO\b.*\bFROM\s+[`"]?(\w+)[`"]?\s+WHERE\s+_partition_id\s*=\s*\{partition:String\}/is;

/** Returns the table that a statement reads partition by partition; undefined for a statement that is run once. */
export const backfilledFrom = (statement: string): string | undefined => BACKFILL.exec(statement)?.[1];

const ALTERATION =
  /\b(?:(ADD)|DROP|RENAME)\s+(?:COLUMN|INDEX|PROJECTION|CONSTRAINT|STATISTICS)\b(?!\s+IF\s+(?:NOT\s+)?EXISTS\b)/i;

/** Returns why a statement must not run twice, as it may when a migration resumes; undefined for a safe one. */
function unsafeToRepeat(statement: string): string | undefined {
  if (/^CREATE\b/i.test(statement) && !/^CREATE\s+(?:\w+\s+){1,2}IF\s+NOT\s+EXISTS\b/i.test(statement)) {
    return 'CREATE needs IF NOT EXISTS';
  }
  if (/^(?:DROP|RENAME)\b/i.test(statement) && !/^\w+\s+(?:\w+\s+){1,2}IF\s+EXISTS\b/i.test(statement)) {
    return `${statement.slice(0, statement.search(/\s/)).toUpperCase()} needs IF EXISTS`;
  }
  if (/^EXCHANGE\b/i.test(statement)) return 'EXCHANGE must be written as CREATE, RENAME and DROP';
  if (/^ALTER\b.*\bREMOVE\s+CODEC\b/is.test(statement))
    return 'REMOVE CODEC must be written as CODEC(Default)';
  const alteration = /^ALTER\b/i.test(statement) ? ALTERATION.exec(statement) : null;
  return alteration ? `${alteration[0]} needs IF ${alteration[1] ? 'NOT ' : ''}EXISTS` : undefined;
}

function refuse(version: number, reason: string): never {
  throw new MigrationError(version, reason, { operation: 'schema.load' });
}
