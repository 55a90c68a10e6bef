import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import type { Io } from './output.js';
import { run } from './run.js';

/** A directory of its own for one test file's files. */
export class Scratch {
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

/** Runs a command line in this process and tells what it said. */
export async function qtdal(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const stdout = new Capture();
  const stderr = new Capture();
  const io: Io = { stdout, stderr, env: {} };
  const code = await run(args, io);
  return { code, out: stdout.text, err: stderr.text };
}

/** A CSV file's rows by column name, read without any of the code under test. */
export const csvRecords = (file: string): Record<string, string>[] =>
  parse(readFileSync(file, 'utf8'), { columns: true });
