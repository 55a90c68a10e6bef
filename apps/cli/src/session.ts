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
import { Interrupted } from './exit-codes.js';
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
    .option('--config <file>', `configuration in TOML (default: ./${DEFAULT_CONFIG_FILE} if there is one)`)
    .addOption(
      new Option('--backend <name>', 'in place of the configured one').choices([
        'clickhouse-redis',
        'embedded',
        'memory',
      ]),
    )
    .option(
      '--actor <name>',
      'who the audit trail names (default: audit.actor, else the user of this system)',
    )
    .option('--verbose', 'log every operation to standard error');
}

export const withJson = (command: Command): Command =>
  command.option('--json', 'one JSON document on standard output and nothing else there');

/** What a command has while it runs. */
export interface Session {
  readonly options: CommonOptions;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and SIGTERM with `Interrupted`. */
  readonly signal: AbortSignal;
  config(): Promise<DalConfig>;
  /** The configuration with where each value came from. */
  explainedConfig(): Promise<ExplainedConfig>;
  /** Opens the configured data layer, with changes; it is closed when the command ends, however it ends. */
  open(changes?: Partial<CompositionConfig>): Promise<ComposedDatabase>;
}

/** Runs a command's work and cleans up after it. An interruption wins over whatever error it causes. */
export async function withSession<T>(
  io: Terminal,
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { signal, release } = interruptions();
  const logger = options.verbose ? createLogger({ name: 'qtdal', destination: io.stderr }) : undefined;
  const stopLogging = logger && subscribeLogging(logger);
  const opened: ComposedDatabase[] = [];
  const session: Session = {
    options,
    output: new Output(io, options.json === true),
    env: io.env,
    signal,
    config: async () => (await session.explainedConfig()).config,
    explainedConfig: () => configuration(options, io.env),
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

/** The user of this system, by number where it has no name, as in a container. */
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
