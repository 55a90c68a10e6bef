import { closeSync, openSync, writeSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Refusal } from '../ingest/bars.js';
import { parseMapping } from '../ingest/columns.js';
import type { IngestReport } from '../ingest/ingest-file.js';
import { ingestFile } from '../ingest/ingest-file.js';
import { count, seconds, toJson, type Output } from '../output.js';
import type { RunSession } from '../run.js';
import { prepareSchema } from '../schema.js';
import type { CommonOptions } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

interface IngestFlags extends CommonOptions {
  symbol?: string;
  source?: string;
  map?: ReturnType<typeof parseMapping>;
  dateFormat?: string;
  batchSize: number;
  restart?: boolean;
  rejects?: string;
}

const SHOWN_REFUSALS = 20;

export function addIngest(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('ingest <file>')))
    .description('Store the bars of a CSV file; goes on where an interrupted call ended.')
    .option('--symbol <symbol>', 'symbol of all rows, when the file has no symbol column')
    .option('--source <name>', 'source of the bars (default: the name of the file)')
    .option('--map <field=Column,…>', 'columns whose names are not recognised', parseMapping)
    .option('--date-format <tokens>', 'form of the timestamps, e.g. MM/dd/yyyy')
    .option('--batch-size <rows>', 'rows per write', positive, 10_000)
    .option('--restart', 'begin at the first row, whatever was stored before')
    .option('--rejects <file>', 'append refused rows as JSON lines: line, field, reason')
    .action((file: string, flags: IngestFlags) =>
      run(flags, async ({ config, open, output, signal }) => {
        const { backend } = await config();
        const opened = await open();
        await prepareSchema(opened, backend, signal);
        const refusals = new RefusalLog(flags.rejects, (text) => output.note(text));
        const bar = progressBar(output.progress);
        let settled = 0;
        try {
          const report = await ingestFile(opened.database, file, {
            ...flags,
            mapping: flags.map,
            signal,
            onRefusal: (refusal) => refusals.add(refusal),
            onProgress: ({ bytes, size, rows }) => {
              settled = rows;
              bar?.setTotal(size);
              bar?.update(bytes, { rows: count(rows) });
            },
          });
          output.result(report, () => summary(report));
          return report.refusedCount > 0 ? EXIT.data : EXIT.ok;
        } catch (error) {
          if (settled > 0) output.note(`${count(settled)} rows are settled: the same command goes on there.`);
          throw error;
        } finally {
          bar?.stop();
          refusals.close();
        }
      }),
    );
}

export function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

function progressBar(stream: Output['progress']): SingleBar | undefined {
  if (!stream) return undefined;
  const bar = new SingleBar({
    stream,
    clearOnComplete: true,
    format: '{bar} {percentage}% | {rows} rows | {duration_formatted}, {eta_formatted} to go',
  });
  bar.start(1, 0, { rows: '0' });
  return bar;
}

function summary({ file, source, resumedAt, rows, ...counts }: IngestReport): string {
  if (rows === 0 && resumedAt > 0) {
    return `${file} was read already, ${count(resumedAt)} rows of it; --restart reads it again.`;
  }
  const resumed = resumedAt > 0 ? `, going on after ${count(resumedAt)}` : '';
  return (
    `${file}: ${count(rows)} rows read${resumed}, ${count(counts.insertedCount)} inserted, ` +
    `${count(counts.updatedCount)} updated, ${count(counts.refusedCount)} refused, source ${source}, ` +
    seconds(counts.durationMs)
  );
}

/** Shows the first refused rows and appends all of them to a file, if one is wanted, before their batch is settled. */
class RefusalLog {
  readonly #file: number | undefined;
  readonly #note: (text: string) => void;
  #count = 0;

  constructor(file: string | undefined, note: (text: string) => void) {
    this.#note = note;
    try {
      this.#file = file === undefined ? undefined : openSync(file, 'a');
    } catch (error) {
      throw new UsageError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    }
  }

  add(refusal: Refusal): void {
    const { line, field, reason } = refusal;
    if (++this.#count <= SHOWN_REFUSALS) this.#note(`line ${line}: ${field} ${reason}`);
    else if (this.#count === SHOWN_REFUSALS + 1) this.#note('… further refused rows are counted only');
    if (this.#file !== undefined) writeSync(this.#file, `${toJson(refusal, 0)}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
