import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { qtdal } from '../testing.js';

/** Folder of the pages. */
export const RUNBOOKS = fileURLToPath(new URL('../../../../docs/operations', import.meta.url));

/** Pages whose commands need the servers of a cluster. */
export const CLUSTER_PAGES: readonly string[] = ['add-a-shard.md', 'fill-a-copy.md'];

export const BARS = `date,open,high,low,close,volume
2024-01-02,187.15,188.44,183.89,185.64,82488700
2024-01-03,184.22,185.88,183.43,184.25,58414500
`;

/** A command of a page, and the lines that it prints. */
interface Example {
  readonly command: string;
  readonly exitCode: number;
  readonly output: readonly string[];
}

/** Returns the commands of each `console` block of a page: `$ qtdal …`, with `# exits with N` where that is not 0. */
function examplesOf(page: string): Example[][] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, block]) => block!);
  return blocks.map((block) =>
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

/**
 * Runs the commands of a page in the current folder, and compares what they print with the page.
 *
 * @param names - what stands for a name of the page, in commands and output
 * @param beforeBlock - does what the page says before a block, which is counted from 0
 */
export async function runPage(
  file: string,
  names: Readonly<Record<string, string>> = {},
  beforeBlock: (block: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const named = (text: string) =>
    Object.entries(names).reduce((replaced, [name, own]) => replaced.replaceAll(name, own), text);
  const blocks = examplesOf(readFileSync(`${RUNBOOKS}/${file}`, 'utf8'));
  expect(blocks.length).toBeGreaterThan(0);
  for (const [block, examples] of blocks.entries()) {
    await beforeBlock(block);
    for (const { command, exitCode, output } of examples) {
      const [program, ...args] = named(command).split(' ');
      expect(program).toBe('qtdal');
      const printed = await qtdal(...args);
      const all = printed.out + printed.err;
      expect({ command, exitCode: printed.code, all }).toEqual({ command, exitCode, all });
      for (const line of output) if (line.trim() !== '…') expect(all).toMatch(patternOf(named(line)));
    }
  }
}
