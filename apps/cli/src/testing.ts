import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { MarketData } from '@quantumtrade/dal-domain';
import { parse } from 'csv-parse/sync';
import { SP500 } from './demo/sp500.js';
import type { Io } from './terminal.js';
import { run } from './run.js';

/** A temporary directory of one test file. */
export class ScratchDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'qtdal-cli-test-'));

  file(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

class Capture extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A temporary database on the tests' ClickHouse server. */
export class OwnDatabase {
  readonly #server = new URL(process.env['CLICKHOUSE_URL']!);
  readonly name: string;

  constructor(purpose: string) {
    this.name = `${purpose}_${randomBytes(6).toString('hex')}`;
  }

  /** Returns a configuration in TOML that connects to it. */
  config(redisUrl = process.env['REDIS_URL']!): string {
    return `backend = "clickhouse-redis"
[clickhouse]
url = "${this.#server.origin}"
username = "${decodeURIComponent(this.#server.username) || 'default'}"
password = "${decodeURIComponent(this.#server.password)}"
database = "${this.name}"
[redis]
url = "${redisUrl}"
key_prefix = "${this.name}:"
`;
  }

  /** Runs one statement in the database, or on the server before the database exists. */
  async sql(query: string, database = this.name): Promise<string> {
    const { origin, username, password } = this.#server;
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
    const answer = await fetch(`${origin}/?database=${database}`, {
      method: 'POST',
      body: query,
      headers: { authorization },
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.text();
  }

  async drop(): Promise<void> {
    await this.sql(`DROP DATABASE IF EXISTS ${this.name} SYNC`, 'default');
  }
}

/** Runs a command line in this process and returns its output. */
export const qtdal = (...args: string[]) => qtdalWith({}, ...args);

/** Runs a command line with environment variables. */
export async function qtdalWith(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const stdout = new Capture();
  const stderr = new Capture();
  const io: Io = { stdout, stderr, env };
  const code = await run(args, io);
  return { code, out: stdout.text, err: stderr.text };
}

/** Reads the rows of a CSV file by column name, without the code under test. */
export const csvRecords = <Row extends Record<string, string>>(file: string): Row[] =>
  parse(readFileSync(file, 'utf8'), { columns: true });

/** Compares a store with the S&P 500 file that was ingested. */
export function sp500Bars(symbol: string, source: string): Partial<MarketData<true>>[] {
  const price = (text: string) => text.replace(/\.?0+$/, '');
  type Row = Record<'date' | 'open' | 'high' | 'low' | 'close' | 'adjclose' | 'volume', string>;
  return csvRecords<Row>(SP500.file).map(({ date, open, high, low, close, adjclose, volume }) => ({
    symbol,
    timestamp: new Date(`${date}T00:00:00Z`),
    open: price(open),
    high: price(high),
    low: price(low),
    close: price(close),
    volume,
    adjustedClose: price(adjclose),
    source,
    qualityScore: 100,
  }));
}
