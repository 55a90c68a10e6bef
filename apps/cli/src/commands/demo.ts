import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { runDemo } from '../demo/run-demo.js';
import { describeSummary } from '../demo/summary.js';
import { EXIT, UsageError } from '../exit-codes.js';
import { count, seconds, toJson } from '../output.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions } from '../session.js';
import { positive } from './ingest.js';

interface DemoFlags extends CommonOptions {
  bars: number;
  symbols: number;
  seed: number;
}

/** A temporary engine, without entries in the configured audit trail. */
export const TEMPORARY_ENGINE = {
  backend: 'embedded',
  embedded: {},
  audit: { directory: undefined, actor: undefined, key: undefined },
} as const;

export function addDemo(program: Command, run: RunSession): void {
  withCommonOptions(program.command('demo'))
    .description(
      'Ingest real and generated bars, predict, evaluate and aggregate. ' +
        'Without --backend and --config, on a temporary embedded engine.',
    )
    .option('--json [file]', 'print the summary as JSON, or write it to a file')
    .option('--bars <n>', 'generated one-minute bars in total', positive, 1_000_000)
    .option('--symbols <n>', 'generated symbols', positive, 200)
    .option('--seed <n>', 'seed of the generated bars', positive, 42)
    .action((flags: DemoFlags) =>
      run(flags, async ({ open, output, signal }) => {
        const opened = await open(flags.backend || flags.config ? undefined : TEMPORARY_ENGINE);
        const summary = await runDemo(opened, {
          ...flags,
          signal,
          onStep: ({ name, count: n, durationMs }) =>
            output.note(`${name}: ${count(n)} in ${seconds(durationMs)}`),
        });
        output.result(summary, () => describeSummary(summary));
        if (typeof flags.json === 'string') await writeSummary(flags.json, summary);
        return summary.verifications.every(({ ok }) => ok) ? EXIT.ok : EXIT.data;
      }),
    );
}

async function writeSummary(file: string, summary: object): Promise<void> {
  try {
    await writeFile(file, `${toJson(summary)}\n`);
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}
