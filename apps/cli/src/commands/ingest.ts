import { closeSync, openSync, writeSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Defaults, Refusal } from '../ingest/bars.js';
import { cellsOf } from '../ingest/cells.js';
import { parseMapping, parsePairs } from '../ingest/columns.js';
import { EPOCH_FORMATS, parseDateFormat, type DateFormat } from '../ingest/date-format.js';
import type { IngestReport } from '../ingest/ingest-file.js';
import { ingestFile } from '../ingest/ingest-file.js';
import type { DecimalMark } from '../ingest/numbers.js';
import type { AmbiguousChoice } from '../ingest/zones.js';
import { count, seconds, toJson, type Output } from '../output.js';
import { prepareSchema } from '../schema.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';
import { printable } from '../terminal.js';

interface IngestFlags extends CommonOptions {
  symbol?: string;
  source?: string;
  map?: ReturnType<typeof parseMapping>;
  columns?: string[];
  dateFormat?: DateFormat;
  timezone?: string;
  ambiguous?: AmbiguousChoice;
  decimal?: keyof typeof MARKS;
  default?: Defaults;
  rounding?: 'half-even';
  batchSize: number;
  restart?: boolean;
  rejects?: string;
}

const SHOWN_REFUSALS = 20;
const MARKS = { point: '.', comma: ',' } as const satisfies Record<string, DecimalMark>;

export function addIngest(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('ingest <file>')))
    .description('Store the bars of a CSV file. Continues where an interrupted call ended.')
    .option('--symbol <symbol>', 'symbol of all rows, when the file has no symbol column')
    .option('--source <name>', 'source of the bars, part of their key (default: csv)')
    .option(
      '--map <field=Column,…>',
      'columns whose names are not recognised; timestamp=Date+Time',
      parseMapping,
    )
    .option('--columns <names>', 'names of all columns in order, for a file without a header', names)
    .option(
      '--date-format <tokens>',
      `format of the timestamps, e.g. MM/dd/yyyy, ${EPOCH_FORMATS.join(', ')}`,
      parseDateFormat,
    )
    .option('--timezone <zone>', 'IANA zone of timestamps without a zone (default: UTC)')
    .addOption(
      new Option('--ambiguous <which>', 'instant of a local time that exists twice').choices([
        'earlier',
        'later',
      ]),
    )
    .addOption(new Option('--decimal <mark>', 'decimal mark of numbers').choices(Object.keys(MARKS)))
    .option(
      '--default <field=value,…>',
      'volume or qualityScore of rows without one',
      (text, known?: Defaults) => parsePairs('--default', text, ['volume', 'qualityScore'], { known }),
    )
    .addOption(
      new Option('--rounding <how>', 'round numbers with more than 8 digits after the point').choices([
        'half-even',
      ]),
    )
    .option('--batch-size <rows>', 'rows per write', positive, 10_000)
    .option('--restart', 'start at the first row again')
    .option('--rejects <file>', 'append refused rows as JSON lines: line, field, reason')
    .action((file: string, flags: IngestFlags) =>
      run(flags, async ({ config, open, output, signal }) => {
        const { backend } = await config();
        const opened = await open();
        await prepareSchema(opened, backend, signal);
        const refusals = new RefusalLog(flags.rejects, (text) => output.note(text));
        const bar = progressBar(output.progress);
        let settled = 0;
        const { map, decimal, default: defaults, ...options } = flags;
        try {
          const report = await ingestFile(opened.database, file, {
            ...options,
            mapping: map,
            defaults,
            ...(decimal && { decimal: MARKS[decimal] }),
            signal,
            onRefusal: (refusal) => refusals.add(refusal),
            onProgress: ({ bytes, size, rows, settled: now }) => {
              settled = now;
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

function names(text: string): string[] {
  const found = cellsOf(text, ',');
  if (!found) throw new InvalidArgumentError('It has a quote that is never closed.');
  return found;
}

function summary({ file, source, resumedAt, rows, ...report }: IngestReport): string {
  if (rows === 0 && resumedAt > 0) {
    return `${printable(file)} was read already, ${count(resumedAt)} rows of it; --restart reads it again.`;
  }
  const { supersededCount, roundedCount, preambleLines, timezone, columns } = report;
  const resumed = resumedAt > 0 ? `, going on after ${count(resumedAt)}` : '';
  const superseded = supersededCount > 0 ? ` (of these ${count(supersededCount)} stay newer)` : '';
  const notes = [
    ...(columns['volume'] === undefined
      ? ['volume is 0 where nothing gives it: the file has no such column']
      : []),
    ...(roundedCount > 0 ? [`${count(roundedCount)} rows have a number that was rounded to 8 digits`] : []),
    ...(timezone === undefined ? [] : [`timestamps without a zone are read in ${timezone}`]),
    ...(preambleLines > 0 ? [`${count(preambleLines)} lines before the header are passed over`] : []),
  ];
  return [
    `${printable(file)}: ${count(rows)} rows read${resumed}, ${count(report.insertedCount)} inserted, ` +
      `${count(report.updatedCount)} updated${superseded}, ${count(report.refusedCount)} refused, ` +
      `source ${printable(source)}, ${seconds(report.durationMs)}`,
    `read from ${Object.entries(columns)
      .map(([field, name]) => (name === field ? name : `${printable(name)} as ${field}`))
      .join(', ')}`,
    ...notes,
  ].join('\n  ');
}

/** Shows the first refused rows and appends all of them to the --rejects file before their batch is settled. */
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
