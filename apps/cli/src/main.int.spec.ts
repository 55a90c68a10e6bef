import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledProgram } from '@quantumtrade/dal-testing';
import type { DemoSummary } from './demo/summary.js';
import { SP500 } from './demo/sp500.js';
import { EXIT } from './exit-codes.js';
import { qtdalWith, ScratchDirectory } from './testing.js';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

const nobody = scratch.file('nobody.toml', '[clickhouse]\nurl = "http://127.0.0.1:9"\n');
const dataDirectory = { QTDAL_EMBEDDED__DATA_DIRECTORY: join(scratch.path, 'data') };
const temporary = join(scratch.path, 'tmp');
mkdirSync(temporary);

/** A process as a user starts it, in a process group of its own. */
class Cli {
  readonly process: ChildProcess;
  out = '';
  err = '';

  private constructor(program: string, args: readonly string[]) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.process = spawn(process.execPath, [program, ...args], {
      cwd: workspace,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, TMPDIR: temporary, ...dataDirectory },
    });
    this.process.stdout!.on('data', (chunk) => (this.out += chunk));
    this.process.stderr!.on('data', (chunk) => (this.err += chunk));
  }

  static async start(...args: string[]): Promise<Cli> {
    return new Cli(await bundledProgram(new URL('main.ts', import.meta.url)), args);
  }

  async end(): Promise<number | null> {
    const [code] = (await once(this.process, 'close')) as [number | null];
    return code;
  }

  /** Waits until a text was written to standard error. */
  async said(text: string): Promise<void> {
    while (!this.err.includes(text)) await once(this.process.stderr!, 'data');
  }

  /** Presses Ctrl-C: the terminal signals the whole group. */
  interrupt(): void {
    process.kill(-this.process.pid!, 'SIGINT');
  }

  /** Returns the running processes of the group. Zombies do not count: they wait for init to read their exit code. */
  get leftProcesses(): string[] {
    const group = `${this.process.pid} `;
    return execFileSync('ps', ['-e', '-o', 'pgid=,stat=,args='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith(group) && !/^\d+ +Z/.test(line));
  }
}

describe('qtdal', () => {
  it('runs the demo and leaves no process and no file', async () => {
    const cli = await Cli.start('demo', '--bars', '2000', '--symbols', '5', '--json');
    const code = await cli.end();
    const summary = JSON.parse(cli.out) as DemoSummary;
    expect(summary.verifications).toEqual(
      expect.arrayContaining([
        { what: 'S&P 500 bars', expected: 5105, stored: 5105, ok: true },
        { what: 'generated bars', expected: 2000, stored: 2000, ok: true },
      ]),
    );
    expect(summary.verifications.filter(({ ok }) => !ok)).toEqual([]);
    expect(summary.cache.map(({ second }) => second.hit)).toEqual([true, true, true]);
    expect(summary.backends.timeSeries).toMatch(/^embedded ClickHouse/);
    expect(summary.october2008?.bar).toMatchObject({ high: '1167.030029', low: '839.799988' });
    expect(code).toBe(EXIT.ok);
    expect(cli.leftProcesses).toEqual([]);
    expect(readdirSync(temporary).filter((name) => name.startsWith('clickhouse'))).toEqual([]);
  }, 120_000);

  it('exits with 3 when no server answers', async () => {
    const args = ['--symbol', 'X', '--config', nobody, '--backend', 'clickhouse-redis'];
    const cli = await Cli.start('ingest', SP500.file, ...args);
    expect(await cli.end()).toBe(EXIT.connection);
    expect(cli.err).toMatch(/^qtdal: Connection failed: /m);
    expect(cli.out).toBe('');
  }, 60_000);

  it('continues an ingestion after Ctrl-C', async () => {
    const args = ['ingest', SP500.file, '--symbol', 'X', '--batch-size', '200', '--json'];
    const interrupted = await Cli.start(...args, '--verbose');
    await interrupted.said('"operation":"checkpoints.save"');
    interrupted.interrupt();
    expect(await interrupted.end()).toBe(EXIT.interrupted);
    expect(interrupted.err).toMatch(/rows are settled: the same command goes on there/);
    expect(interrupted.leftProcesses).toEqual([]);

    const resumed = await qtdalWith(dataDirectory, ...args);
    expect(resumed.code).toBe(EXIT.ok);
    const report = JSON.parse(resumed.out) as { resumedAt: number; rows: number };
    expect(report.resumedAt).toBeGreaterThanOrEqual(200);
    expect(report.resumedAt + report.rows).toBe(SP500.bars);

    const query = await qtdalWith(
      dataDirectory,
      ...['query', 'market-data', '--symbol', 'X', '--limit', '1', '--json'],
    );
    expect(query.code).toBe(EXIT.ok);
    expect(JSON.parse(query.out)).toMatchObject({ totalCount: SP500.bars });
  }, 120_000);
});
