import type { ReplayResult } from '@quantumtrade/dal';
import { fileWriterStorage } from '@quantumtrade/dal';
import type {
  DamagedDeadLetter,
  DeadLetterReason,
  DeadLetterStore,
  DeadLetterSummary,
} from '@quantumtrade/dal-domain';
import { summaryOf } from '@quantumtrade/dal-domain';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import { table } from '../output.js';
import type { CommonOptions, RunSession, Session } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addDeadLetter(program: Command, run: RunSession): void {
  const group = program
    .command('dead-letter')
    .description('List, replay and drop blocks of rows that the store refused for good.');
  const subcommand = (usage: string) => withJson(withCommonOptions(group.command(usage)));

  subcommand('list')
    .description('List dead letters, the oldest first, then unreadable files.')
    .action((options: CommonOptions) =>
      run(options, async (session) => {
        const letters = (await (await deadLetters(session)).list()).map(listed);
        session.output.result(letters, () => (letters.length ? table(letters) : 'No dead letters.'));
        return EXIT.ok;
      }),
    );

  subcommand('show <id>')
    .description('Print one dead letter. Fails when its file is damaged.')
    .action((id: string, options: CommonOptions) =>
      run(options, async (session) => {
        const letter = await (await deadLetters(session)).get(id);
        if (!letter) throw new UsageError(`There is no dead letter ${id}.`);
        const document = shown(summaryOf(letter));
        session.output.result(document, () =>
          Object.entries(document)
            .map(([name, value]) => `${name.padEnd(7)} ${value}`)
            .join('\n'),
        );
        return EXIT.ok;
      }),
    );

  subcommand('replay [ids...]')
    .description('Write dead letters to the store again. Exits with 4 when one is refused again.')
    .option('--all', 'all dead letters')
    .action((ids: string[], options: CommonOptions & { all?: boolean }) =>
      run(options, async (session) => {
        if (options.all ? ids.length > 0 : ids.length === 0)
          throw new UsageError('Say which dead letters: their ids, or --all.');
        const letters = await deadLetters(session);
        const chosen = options.all ? (await letters.list()).map(({ id }) => id) : ids;
        const results = chosen.length ? await replay(session, chosen) : [];
        session.output.result(results, () => results.map(replayed).join('\n') || 'No dead letters.');
        return results.every(({ outcome }) => outcome === 'stored') ? EXIT.ok : EXIT.data;
      }),
    );

  subcommand('drop <ids...>')
    .description('Remove dead letters and their rows for good. Exits with 4 when one is missing.')
    .action((ids: string[], options: CommonOptions) =>
      run(options, async (session) => {
        const letters = await deadLetters(session);
        const results: { id: string; outcome: 'dropped' | 'missing' }[] = [];
        for (const id of ids)
          results.push({ id, outcome: (await letters.remove(id)) ? 'dropped' : 'missing' });
        session.output.result(results, () => table(results));
        return results.every(({ outcome }) => outcome === 'dropped') ? EXIT.ok : EXIT.data;
      }),
    );
}

/** Reads dead letters from their directory, without the store. */
async function deadLetters(session: Session): Promise<DeadLetterStore> {
  const { backend, writer } = await session.config();
  if (backend === 'memory') throw new UsageError('The memory backend keeps no dead letters.');
  return fileWriterStorage(writer.directory).deadLetters;
}

async function replay(session: Session, ids: readonly string[]): Promise<ReplayResult[]> {
  const { database } = await session.open();
  return database.replayDeadLetters(ids, { signal: session.signal });
}

const listed = (letter: DeadLetterSummary | DamagedDeadLetter) =>
  letter.damaged ? { ...UNREADABLE, id: letter.id, ...reasonOf(letter) } : shown(letter);

const UNREADABLE = { id: '', record: '', rows: '', bytes: '', at: '' };
const reasonOf = ({ reason }: { reason: DeadLetterReason }) => ({
  code: reason.code,
  reason: reason.message,
});

const shown = ({ id, record, rowCount, byteLength, reason, at }: DeadLetterSummary) => ({
  id,
  record,
  rows: rowCount,
  bytes: byteLength,
  at: new Date(at).toISOString(),
  ...reasonOf({ reason }),
});

const replayed = ({ id, outcome, reason, supersededCount = 0 }: ReplayResult): string => {
  const detail = supersededCount > 0 ? `${supersededCount} rows are older than what is stored` : reason;
  return `${id}: ${outcome}${detail ? ` (${detail})` : ''}`;
};
