import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from '@quantumtrade/dal-config';
import type { ComposedDatabase } from '@quantumtrade/dal-container';
import { composeDatabase, composeTelemetry } from '@quantumtrade/dal-container';
import type { Service } from './create-service.js';
import { createService } from './create-service.js';
import { dashboard } from './dashboard/dashboard.js';

const DEFAULT_CONFIG_FILE = 'qtdal.toml';

const HELP = `Usage: qtdal-service [--config FILE] [--migrate]

Serves the configured data layer over HTTP until SIGTERM or SIGINT.

  --config FILE  configuration in TOML (default: ./${DEFAULT_CONFIG_FILE} if it exists)
  --migrate      moves the schema to the newest version before listening
  --help

Exit codes: 0 stopped in order; 1 failed, or not stopped within the grace time; 2 wrong usage or configuration;
128 + the number of the signal when a second one arrives while stopping.
`;

const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** Parts of the process that a run uses. */
export type HostProcess = Pick<NodeJS.Process, 'env' | 'stdout' | 'stderr' | 'exit'> &
  Pick<NodeJS.EventEmitter, 'on' | 'off'>;

type Signal = 'SIGTERM' | 'SIGINT';
const SIGNALS: readonly Signal[] = ['SIGTERM', 'SIGINT'];

/** Runs the service until it is stopped, and returns the exit code. Never throws: an error is written to standard error. */
export async function runService(args: readonly string[], io: HostProcess): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, migrate: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (!values.help) return await serve(values.config, values.migrate ?? false, io);
    io.stdout.write(HELP);
    return EXIT.ok;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    io.stderr.write(`qtdal-service: ${message}\n`);
    const isUsage = error instanceof ConfigError || String(code).startsWith('ERR_PARSE_ARGS');
    return isUsage ? EXIT.usage : EXIT.failure;
  }
}

async function serve(file: string | undefined, migrates: boolean, io: HostProcess): Promise<number> {
  const found = file ?? (existsSync(DEFAULT_CONFIG_FILE) ? DEFAULT_CONFIG_FILE : undefined);
  const config = await loadConfig({ ...(found !== undefined && { file: found }), env: io.env });
  const telemetry = await composeTelemetry(config);
  const stopping = signalsOf(io);
  const logger = telemetry.logger.child({ name: 'qtdal-service' });
  let composed: ComposedDatabase | undefined;
  let service: Service | undefined;
  try {
    composed = await composeDatabase(config, {
      actor: config.audit.actor ?? 'qtdal-service',
      ...(telemetry.audit && { audit: telemetry.audit }),
      onAuditTrailEvent: ({ kind }) => logger.error({ kind }, 'audit trail'),
    });
    telemetry.watch(composed.database);
    if (migrates) await composed.database.initializeSchema();
    service = await createService({
      database: composed.database,
      config: config.http,
      logger,
      renderMetrics: telemetry.renderMetrics,
      plugins: [dashboard({ database: composed.database })],
    });
    logger.info({ url: await service.listen(), ...composed.backends }, 'listening');
    const signal = await stopping.first;
    logger.info({ signal }, 'stopping');
    exitAfter(config.http.stop.graceMs, io);
  } finally {
    await Promise.resolve(service?.stop())
      .finally(() => composed?.close())
      .finally(() => logger.info('stopped'))
      .finally(() => telemetry.close())
      .finally(() => stopping.ignore());
  }
  return EXIT.ok;
}

/** Ends the process where it does not end by itself. */
function exitAfter(ms: number, io: HostProcess): void {
  setTimeout(() => {
    io.stderr.write('qtdal-service: not stopped within http.stop.grace\n');
    io.exit(EXIT.failure);
  }, ms).unref();
}

/** Returns the first signal to stop. The second one ends the process at once. */
function signalsOf(io: HostProcess): { first: Promise<Signal>; ignore: () => void } {
  let onFirst: ((signal: Signal) => void) | undefined;
  const first = new Promise<Signal>((resolve) => (onFirst = resolve));
  const receive = (signal: Signal) => {
    if (!onFirst) io.exit(128 + constants.signals[signal]);
    onFirst?.(signal);
    onFirst = undefined;
  };
  for (const signal of SIGNALS) io.on(signal, receive);
  return { first, ignore: () => SIGNALS.forEach((signal) => io.off(signal, receive)) };
}
