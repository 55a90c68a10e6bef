import { once } from 'node:events';
import type { Command } from 'commander';
import { runDemo } from '../demo/run-demo.js';
import { SP500 } from '../demo/sp500.js';
import { EXIT } from '../exit-codes.js';
import { count, seconds } from '../output.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';
import { TEMPORARY_ENGINE } from './demo.js';
import { positive } from './ingest.js';

interface DashboardFlags extends CommonOptions {
  port: number;
  demo?: boolean;
}

/** Fewer bars than those of the demo, over more days of each symbol. */
export const DASHBOARD_DEMO = { bars: 200_000, symbols: 20, seed: 42 };

export function addDashboard(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('dashboard')))
    .description(
      'Serve the dashboard on 127.0.0.1, read-only, until Ctrl-C. Prints its address with a token of this run.',
    )
    .option('--port <n>', 'port', positive, 8_090)
    .option('--demo', "fill a temporary embedded engine with the demo's data first")
    .action((flags: DashboardFlags) =>
      run(flags, async ({ open, config, output, signal }) => {
        const opened = await open(flags.demo ? TEMPORARY_ENGINE : undefined);
        if (flags.demo) {
          await runDemo(opened, {
            ...DASHBOARD_DEMO,
            signal,
            onStep: ({ name, count: n, durationMs }) =>
              output.note(`${name}: ${count(n)} in ${seconds(durationMs)}`),
          });
        }
        // Its HTTP server is a third of what the program would load at the start of every command.
        const { serveDashboard } = await import('../dashboard/serve-dashboard.js');
        const { http } = await config();
        const { url, stop } = await serveDashboard(opened.database, http, flags.port);
        try {
          if (flags.demo) url.search = String(new URLSearchParams({ symbol: SP500.symbol, interval: '1d' }));
          output.result({ url: url.href }, () => `Dashboard: ${url.href}`);
          if (!signal.aborted) await once(signal, 'abort');
        } finally {
          await stop();
        }
        return EXIT.ok;
      }),
    );
}
