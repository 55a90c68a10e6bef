import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuditTrail } from '../audit-trail.js';

/** Files of a trail by name. */
export type TrailFiles = ReadonlyMap<string, Buffer>;

/** Temporary directories of one test file. */
export class TrailDirectories {
  #base: string | undefined;
  #count = 0;

  async directory(files?: TrailFiles): Promise<string> {
    this.#base ??= await mkdtemp(join(tmpdir(), 'audit-trail-'));
    const directory = join(this.#base, String(this.#count++));
    if (files) await mkdir(directory);
    for (const [name, content] of files ?? []) await writeFile(join(directory, name), content);
    return directory;
  }

  async remove(): Promise<void> {
    if (this.#base) await rm(this.#base, { recursive: true });
  }
}

export async function filesOf(directory: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(directory)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)),
  );
}

/** Records a trail of several files over two days. Returns its files and all heads it had. */
export async function recordedTrail(
  directory: string,
  { entries = 24, key }: { entries?: number; key?: string } = {},
): Promise<{ files: TrailFiles; heads: Buffer[] }> {
  let now = Date.UTC(2026, 0, 1, 20);
  const trail = await openAuditTrail({ directory, key, clock: { now: () => now }, maxFileBytes: 1_500 });
  const heads: Buffer[] = [];
  for (let i = 0; i < entries; i++) {
    heads.push(await readFile(join(directory, 'head')));
    await trail.record({ at: now, actor: 'ann', operation: 'test', batchId: `b-${i}`, insertedCount: i });
    now += 1_000_000;
  }
  await trail.close();
  return { files: await filesOf(directory), heads };
}
