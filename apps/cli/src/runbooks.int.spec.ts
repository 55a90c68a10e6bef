import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OwnDatabase, qtdal, ScratchDirectory } from './testing.js';

const FOLDER = fileURLToPath(new URL('../../../docs/operations', import.meta.url));
const BARS = `date,open,high,low,close,volume
2024-01-02,187.15,188.44,183.89,185.64,82488700
2024-01-03,184.22,185.88,183.43,184.25,58414500
`;

/** A command of a page, and the lines that it prints. */
interface Example {
  readonly command: string;
  readonly exitCode: number;
  readonly output: readonly string[];
}

/** Returns the commands in the `console` blocks of a page: `$ qtdal …`, with `# exits with N` where that is not 0. */
function examplesOf(page: string): Example[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, block]) => block!);
  return blocks.flatMap((block) =>
    block.split(/^\$ /m).flatMap((text) => {
      const [line, ...output] = text.trimEnd().split('\n');
      if (!line) return [];
      const [command, note] = line.split(/\s+# /);
      const exitCode = Number(/^exits with (\d+)$/.exec(note ?? 'exits with 0')![1]);
      return [{ command: command!, exitCode, output }];
    }),
  );
}

/** Returns a pattern of a printed line, in which `…` stands for any text. */
const patternOf = (line: string): RegExp =>
  new RegExp(line.trim().split('…').map(escaped).join('.*').replace(/\s+/g, '\\s+'));

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const start = process.cwd();
const scratch = new ScratchDirectory();
afterAll(() => {
  process.chdir(start);
  scratch.remove();
});

const pages = readdirSync(FOLDER).filter((file) => file.endsWith('.md') && file !== 'README.md');

describe.each(pages)('%s', (file) => {
  const page = readFileSync(join(FOLDER, file), 'utf8');
  const own = new OwnDatabase('runbook');
  const former = `${own.name}_former`;
  const side = `${own.name}_restored`;
  afterAll(async () => {
    await own.drop();
    for (const database of [former, side])
      await own.sql(`DROP DATABASE IF EXISTS ${database} SYNC`, 'default');
  });

  it('prints what the page says', async () => {
    const name = file.replace(/\.md$/, '');
    const directory = join(scratch.path, name);
    mkdirSync(directory);
    scratch.file(`${name}/bars.csv`, BARS);
    scratch.file(
      `${name}/qtdal.toml`,
      `${own.config()}
[writer]
directory = "writer"
[audit]
directory = "audit"
[archive]
directory = "archive"
[retention.market_data]
delete_after_days = 30
[backup]
url = "file://${directory}/backups"
[backup.copy]
url = "file://${directory}/copies"
`,
    );
    process.chdir(directory);
    const examples = examplesOf(page);
    expect(examples.length).toBeGreaterThan(0);
    for (const { command, exitCode, output } of examples) {
      const [program, ...args] = command
        .replaceAll('restored_db', side)
        .replaceAll('former_db', former)
        .split(' ');
      expect(program).toBe('qtdal');
      const printed = await qtdal(...args);
      const all = printed.out + printed.err;
      expect({ command, exitCode: printed.code, all }).toEqual({ command, exitCode, all });
      for (const line of output) {
        if (line.trim() !== '…')
          expect(all).toMatch(
            patternOf(line.replaceAll('restored_db', side).replaceAll('former_db', former)),
          );
      }
    }
  }, 60_000);
});
