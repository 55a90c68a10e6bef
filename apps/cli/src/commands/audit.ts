import {
  readAuditHead,
  readAuditTrail,
  verifyAuditTrail,
  type AuditHead,
  type AuditLine,
  type AuditReport,
} from '@quantumtrade/dal-audit-trail';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import { count, table } from '../output.js';
import type { CommonOptions, RunSession, Session } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

interface AuditFlags extends CommonOptions {
  directory?: string;
}

export function addAudit(program: Command, run: RunSession): void {
  const audit = program.command('audit').description('Verify and read the audit trail of modifications.');
  const subcommand = (name: string) =>
    withJson(withCommonOptions(audit.command(name))).option('--directory <path>', 'replaces audit.directory');

  subcommand('verify')
    .description('Verify that the trail is unchanged. Exits with 4 when it was changed.')
    .option(
      '--expect <checkpoint>',
      'an earlier output of `audit head`, which the trail must contain',
      checkpoint,
    )
    .action((flags: AuditFlags & { expect?: AuditHead }) =>
      run(flags, async (session) => {
        const { directory, key } = await trailOf(session, flags);
        const report = await verifyAuditTrail(directory, { key, expect: flags.expect });
        session.output.result(report, () => describe(report));
        return report.ok ? EXIT.ok : EXIT.data;
      }),
    );

  subcommand('list')
    .description('Print the newest lines of the trail.')
    .option('--limit <n>', 'line limit', limit, 20)
    .action((flags: AuditFlags & { limit: number }) =>
      run(flags, async (session) => {
        const { directory, key } = await trailOf(session, flags);
        await readAuditHead(directory, { key });
        const newest: AuditLine[] = [];
        for await (const line of readAuditTrail(directory, { key })) {
          newest.push(line);
          if (newest.length > flags.limit) newest.shift();
        }
        session.output.result(newest, () => listing(newest));
        return EXIT.ok;
      }),
    );

  subcommand('head')
    .description('Print a checkpoint for --expect. Keep it on another machine.')
    .action((flags: AuditFlags) =>
      run(flags, async (session) => {
        const { directory, key } = await trailOf(session, flags);
        const head = await readAuditHead(directory, { key });
        session.output.result(head, () => `${head.sequence}:${head.hash}`);
        return EXIT.ok;
      }),
    );
}

async function trailOf(
  session: Session,
  { directory }: AuditFlags,
): Promise<{ directory: string; key: string | undefined }> {
  const { audit } = await session.config();
  const found = directory ?? audit.directory;
  if (found === undefined)
    throw new UsageError('No audit trail is configured: set audit.directory, or use --directory.');
  return { directory: found, key: audit.key?.reveal() };
}

function describe({ ok, keyed, records, head, unacknowledged, problems, moreProblems }: AuditReport): string {
  const { lines, tornBytes } = unacknowledged;
  return [
    ...problems.map(
      ({ kind, file, line, detail }) => `${kind.toUpperCase()}  ${file}${line ? `:${line}` : ''}: ${detail}`,
    ),
    ...(moreProblems > 0 ? [`and ${count(moreProblems)} more`] : []),
    ...(lines + tornBytes > 0
      ? [
          `unfinished: ${lines} lines and ${tornBytes} bytes of a write that is under way or was cut off by a crash`,
        ]
      : []),
    `${ok ? 'ok: ' : 'TAMPERED WITH: '}${count(records)} lines, ${keyed ? 'sealed with a key' : 'without a key'}` +
      (head ? `, head ${head.sequence}:${head.hash}` : ''),
  ].join('\n');
}

function listing(lines: readonly AuditLine[]): string {
  if (lines.length === 0) return 'The trail is empty.';
  return table(
    lines.map(({ sequence, time, entry }) => ({
      sequence,
      time,
      actor: entry['actor'],
      operation: entry['operation'],
      inserted: entry['insertedCount'],
      updated: entry['updatedCount'],
      failed: entry['failedCount'],
      outcome: entry['outcome'],
      batch: entry['batchId'],
    })),
  );
}

function checkpoint(text: string): AuditHead {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined) throw new InvalidArgumentError('Write what `audit head` wrote.');
  return { sequence: Number(sequence), hash: hash! };
}

function limit(text: string): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value === 0)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
