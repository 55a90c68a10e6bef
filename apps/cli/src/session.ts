import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setMaxListeners } from 'node:events';
import type { DalConfig } from '@quantumtrade/dal-config';
import { loadConfig } from '@quantumtrade/dal-config';
import type { OpenDatabase } from '@quantumtrade/dal-container';
import { backendModule, openDatabase } from '@quantumtrade/dal-container';
import { createLogger, LoggingAuditSink, subscribeLogging } from '@quantumtrade/dal-telemetry';
import type { Command } from 'commander';
import { Option } from 'commander';
import { Interrupted } from './exit-codes.js';
import type { Io } from './output.js';
import { Output } from './output.js';

const DEFAULT_CONFIG_FILE = 'qtdal.toml';

/** Options of every command. */
export interface CommonOptions {
  config?: string;
  backend?: DalConfig['backend'];
  verbose?: boolean;
  json?: boolean | string;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', `configuration in TOML (default: ./${DEFAULT_CONFIG_FILE} if there is one)`)
    .addOption(
      new Option('--backend <name>', 'in place of the configured one').choices([
        'clickhouse-redis',
        'embedded',
        'memory',
      ]),
    )
    .option('--verbose', 'log every operation to standard error');
}

export const withJson = (command: Command): Command =>
  command.option('--json', 'one JSON document on standard output and nothing else there');

/** What a command has while it runs. */
export interface Session {
  readonly options: CommonOptions;
  readonly output: Output;
  /** Aborted by Ctrl-C and SIGTERM with `Interrupted`. */
  readonly signal: AbortSignal;
  config(): Promise<DalConfig>;
  /** Opens the data layer, by default the configured one; it is closed when the command ends, however it ends. */
  open(backend?: Parameters<typeof openDatabase>[0]): Promise<OpenDatabase>;
}

/** Runs a command's work and cleans up after it. An interruption wins over whatever error it causes. */
export async function withSession<T>(
  io: Io,
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { signal, release } = interruptions();
  const logger = options.verbose ? createLogger({ name: 'qtdal', destination: io.stderr }) : undefined;
  const stopLogging = logger && subscribeLogging(logger);
  const opened: OpenDatabase[] = [];
  const session: Session = {
    options,
    output: new Output(io, options.json === true),
    signal,
    config: () => configuration(options, io.env),
    async open(backend) {
      const database = await openDatabase(backend ?? backendModule(await session.config()), {
        actor: 'qtdal',
        ...(logger && { audit: new LoggingAuditSink(logger) }),
      });
      opened.push(database);
      return database;
    },
  };
  try {
    return await work(session);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    release();
    stopLogging?.();
    await Promise.all(opened.map((database) => database.close()));
  }
}

async function configuration(
  { config: file, backend }: CommonOptions,
  env: NodeJS.ProcessEnv,
): Promise<DalConfig> {
  const found = file ?? (existsSync(resolve(DEFAULT_CONFIG_FILE)) ? DEFAULT_CONFIG_FILE : undefined);
  const loaded = await loadConfig({ file: found, env });
  return backend ? { ...loaded, backend } : loaded;
}

/** The first Ctrl-C ends the command in order, a second one at once. */
function interruptions(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const interrupt = () => controller.abort(new Interrupted('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    release: () => process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}
