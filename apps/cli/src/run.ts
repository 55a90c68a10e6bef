import { Command, CommanderError } from 'commander';
import { addAudit } from './commands/audit.js';
import { addArchive } from './commands/archive.js';
import { addBackup } from './commands/backup.js';
import { addCluster } from './commands/cluster.js';
import { addDashboard } from './commands/dashboard.js';
import { addDeadLetter } from './commands/dead-letter.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addIngest } from './commands/ingest.js';
import { addMigrate } from './commands/migrate.js';
import { addQuery } from './commands/query.js';
import { addRestore } from './commands/restore.js';
import { addStatus } from './commands/status.js';
import { addStorage } from './commands/storage.js';
import type { ExitCode } from './exit-codes.js';
import { EXIT, EXIT_CODES_HELP, exitCodeOf, UsageError } from './exit-codes.js';
import { toJson } from './output.js';
import type { RunSession } from './session.js';
import { withSession } from './session.js';
import { printable, Terminal, type Io } from './terminal.js';

/**
 * Runs one command line, without the program's name, and returns its exit code. Never throws: an error is written to standard
 * error, or with `--json` to standard output as `{ "error": … }`.
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const terminal = new Terminal(io);
  let exitCode: ExitCode = EXIT.ok;
  // Before the options are parsed. `--json FILE` of the demo does not ask for JSON on standard output.
  let json = args.includes('--json');
  const runSession: RunSession = async (options, work) => {
    json = options.json === true;
    exitCode = await withSession(terminal, options, work);
  };
  try {
    await program(terminal, json, runSession).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code !== EXIT.ok) report(error, json, terminal);
    return code;
  }
}

function program(io: Terminal, json: boolean, runSession: RunSession): Command {
  const command = new Command('qtdal')
    .description('Market data, features, predictions and their outcomes: store, query, check.')
    .addHelpText('after', EXIT_CODES_HELP)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => json || io.stderr.write(text),
    })
    // Options behind a subcommand are its own. Commands that are added inherit this.
    .enablePositionalOptions()
    .exitOverride();
  for (const add of [
    addDemo,
    addMigrate,
    addStatus,
    addStorage,
    addCluster,
    addIngest,
    addQuery,
    addDoctor,
    addDashboard,
    addAudit,
    addDeadLetter,
    addArchive,
    addBackup,
    addRestore,
  ])
    add(command, runSession);
  refuseRepeatedOptions(command);
  return command;
}

/** Options that may be repeated. */
const REPEATABLE: ReadonlySet<string> = new Set(['map', 'default', 'filter']);

/** Refuses a repeated option, whose first value would be ignored. */
function refuseRepeatedOptions(command: Command): void {
  for (const option of command.options) {
    if (option.isBoolean() || REPEATABLE.has(option.name())) continue;
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) throw new UsageError(`${option.long} is given twice.`);
      isGiven = true;
    });
  }
  command.commands.forEach(refuseRepeatedOptions);
}

function report(error: unknown, json: boolean, io: Terminal): void {
  const { name, message, code, operation, queryId } = error as Readonly<Record<string, string | undefined>>;
  if (json) io.stdout.write(`${toJson({ error: { name, message, code, operation, queryId } })}\n`);
  // Commander has already printed its own errors.
  else if (!(error instanceof CommanderError))
    io.stderr.write(`qtdal: ${error instanceof UsageError ? message : printable(String(message))}\n`);
}
