import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { setMaxListeners } from 'node:events';
import type { AuditTrailEvent } from '@quantumtrade/dal-audit-trail';
import type { DalConfig, ExplainedConfig } from '@quantumtrade/dal-config';
import { explainConfig } from '@quantumtrade/dal-config';
import type { ComposedDatabase, CompositionConfig } from '@quantumtrade/dal-container';
import { composeDatabase } from '@quantumtrade/dal-container';
import { createLogger, LoggingAuditSink, subscribeLogging } from '@quantumtrade/dal-telemetry';
import type { Command } from 'commander';
import { Option } from 'commander';
import { Interrupted, type ExitCode } from './exit-codes.js';
import { Output } from './output.js';
import type { Terminal } from './terminal.js';

const DEFAULT_CONFIG_FILE = 'qtdal.toml';

/** Options of every command. */
export interface CommonOptions {
  config?: string;
  backend?: DalConfig['backend'];
  actor?: string;
  verbose?: boolean;
  json?: boolean | string;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', `configuration in TOML (default: ./${DEFAULT_CONFIG_FILE} if it exists)`)
    .addOption(
      new Option('--backend <name>', 'replaces the configured backend').choices([
        'clickhouse-redis',
        'embedded',
        'memory',
      ]),
    )
    .option('--actor <name>', 'actor of audit entries (default: audit.actor, else the system user)')
    .option('--verbose', 'log every operation to standard error');
}

export const withJson = (command: Command): Command =>
  command.option('--json', 'print one JSON document on standard output');

/** The tools of a running command. */
export interface Session {
  readonly options: CommonOptions;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and SIGTERM with `Interrupted`. */
  readonly signal: AbortSignal;
  config(): Promise<DalConfig>;
  /** Returns the configuration with the origin of each value. */
  explainedConfig(): Promise<ExplainedConfig>;
  /** Opens the configured data layer, with changes. It is closed when the command ends. */
  open(changes?: Partial<CompositionConfig>): Promise<ComposedDatabase>;
}

/** Runs the work of a command; the program keeps the exit code. */
export type RunSession = (
  options: CommonOptions,
  work: (session: Session) => Promise<ExitCode>,
) => Promise<void>;

/** Runs a command and cleans up afterwards. An interruption replaces the error that it causes. */
export async function withSession<T>(
  io: Terminal,
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { signal, release } = interruptions();
  const logger = options.verbose ? createLogger({ name: 'qtdal', destination: io.stderr }) : undefined;
  const stopLogging = logger && subscribeLogging(logger);
  const opened: ComposedDatabase[] = [];
  let explained: Promise<ExplainedConfig> | undefined;
  const session: Session = {
    options,
    output: new Output(io, options.json === true),
    env: io.env,
    signal,
    config: async () => (await session.explainedConfig()).config,
    explainedConfig: () => (explained ??= configuration(options, io.env)),
    async open(changes) {
      const config = await session.config();
      const database = await composeDatabase(
        { ...config, ...changes },
        {
          actor: options.actor ?? config.audit.actor ?? userName(),
          onAuditTrailEvent: (event) => session.output.note(auditNote(event)),
          ...(logger && { audit: new LoggingAuditSink(logger) }),
        },
      );
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
): Promise<ExplainedConfig> {
  const found = file ?? (existsSync(resolve(DEFAULT_CONFIG_FILE)) ? DEFAULT_CONFIG_FILE : undefined);
  const { config, settings } = await explainConfig({ file: found, env });
  if (!backend) return { config, settings };
  return {
    config: { ...config, backend },
    settings: settings.map((setting) =>
      setting.key === 'backend' ? { ...setting, value: backend, origin: '--backend' } : setting,
    ),
  };
}

/** Returns the system user's name, or its number where it has no name, as in containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

const auditNote = (event: AuditTrailEvent): string =>
  event.kind === 'failed'
    ? `qtdal: ${event.entries} modifications could not be recorded in the audit trail: ${String(event.error)}`
    : `qtdal: the audit trail was repaired after a crash: ${event.keptLines} lines kept, ${event.tornBytes} bytes of a torn one cut off`;

/** Ends the command in order on the first Ctrl-C, and at once on the second. */
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
