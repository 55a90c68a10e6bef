import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { filesOf, recordedTrail, TrailDirectories, type TrailFiles } from './testing/trails.js';
import { verifyAuditTrail, type AuditReport } from './verifying/verify-audit-trail.js';

const scratch = new TrailDirectories();
afterAll(() => scratch.remove());

const runs = Number(process.env['QT_RUNS'] ?? 300);
const seed = Number(process.env['QT_SEED'] ?? Date.now() % 1_000_000);

let files: TrailFiles;
let heads: Buffer[];
let names: string[];
beforeAll(async () => {
  ({ files, heads } = await recordedTrail(await scratch.directory()));
  names = [...files.keys()].filter((name) => name.endsWith('.jsonl'));
});

const linesOf = (name: string): string[] => files.get(name)!.toString('latin1').split('\n').slice(0, -1);
const withLines = (name: string, lines: readonly string[]): TrailFiles =>
  new Map(files).set(name, Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'));
const without = (name: string): TrailFiles => new Map([...files].filter(([other]) => other !== name));
const verify = async (changed: TrailFiles): Promise<AuditReport> =>
  verifyAuditTrail(await scratch.directory(changed));

/** Returns a line forged with the format but without the key. */
function forged(line: string, change: (fields: Record<string, unknown>) => void): string {
  const { hash: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
  change(fields);
  const body = JSON.stringify(fields);
  return `${body.slice(0, -1)},"hash":"${createHash('sha256').update(body).digest('hex')}"}`;
}

const anyFile = () => fc.constantFrom(...names, 'head');
const anyLine = () =>
  fc
    .constantFrom(...names)
    .chain((name) => fc.record({ name: fc.constant(name), line: fc.nat(linesOf(name).length - 1) }));

/** Returns generators of all single changes of a trail. */
const edits = () => ({
  'a bit flipped': fc.record({ name: anyFile(), at: fc.nat(), bit: fc.nat(7) }).map(({ name, at, bit }) => {
    const content = Buffer.from(files.get(name)!);
    content[at % content.length]! ^= 1 << bit;
    return new Map(files).set(name, content);
  }),
  'a line removed': anyLine().map(({ name, line }) => withLines(name, linesOf(name).toSpliced(line, 1))),
  'a line copied elsewhere': fc
    .record({ from: anyLine(), to: anyLine() })
    .map(({ from, to }) =>
      withLines(to.name, linesOf(to.name).toSpliced(to.line, 0, linesOf(from.name)[from.line]!)),
    ),
  'a line copied to the end': anyLine().map(({ name, line }) =>
    withLines(names.at(-1)!, [...linesOf(names.at(-1)!), linesOf(name)[line]!]),
  ),
  'a line of somebody else': fc
    .record({ to: anyLine(), text: fc.string({ maxLength: 50 }) })
    .map(({ to, text }) =>
      withLines(to.name, linesOf(to.name).toSpliced(to.line, 0, text.replaceAll('\n', ''))),
    ),
  'a line replaced by a forged one': anyLine().map(({ name, line }) =>
    withLines(
      name,
      linesOf(name).with(
        line,
        forged(linesOf(name)[line]!, (fields) => (fields['entry'] = { operation: 'nothing to see' })),
      ),
    ),
  ),
  'a forged line at the end': fc.constant(null).map(() => {
    const last = names.at(-1)!;
    const line = linesOf(last).at(-1)!;
    const { sequence, hash } = JSON.parse(line) as { sequence: number; hash: string };
    const next = forged(line, (fields) => Object.assign(fields, { sequence: sequence + 1, previous: hash }));
    return withLines(last, [...linesOf(last), next]);
  }),
  'two lines swapped': fc
    .record({ a: anyLine(), b: anyLine() })
    .filter(({ a, b }) => a.name !== b.name || a.line !== b.line)
    .map(({ a, b }) => {
      const [first, second] = [linesOf(a.name)[a.line]!, linesOf(b.name)[b.line]!];
      const swap = (name: string) =>
        linesOf(name).map((line) => (line === first ? second : line === second ? first : line));
      return new Map(files)
        .set(a.name, withLines(a.name, swap(a.name)).get(a.name)!)
        .set(b.name, withLines(b.name, swap(b.name)).get(b.name)!);
    }),
  'an end cut off': fc.record({ name: anyFile(), to: fc.nat() }).map(({ name, to }) => {
    const content = files.get(name)!;
    return new Map(files).set(name, content.subarray(0, to % content.length));
  }),
  'bytes added to an end': fc
    .record({ name: anyFile(), bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) })
    .map(({ name, bytes }) => new Map(files).set(name, Buffer.concat([files.get(name)!, bytes]))),
  'a file removed': anyFile().map((name) => without(name)),
  'a file renamed': fc
    .record({ name: fc.constantFrom(...names), sequence: fc.integer({ min: 1, max: 30 }) })
    .map(({ name, sequence }) => ({ name, to: `${String(sequence).padStart(16, '0')}-2026-01-03.jsonl` }))
    .filter(({ to }) => !files.has(to))
    .map(
      ({ name, to }) => new Map([...files].map(([key, value]) => [key === name ? to : key, value] as const)),
    ),
  'an empty file added': fc
    .constant(null)
    .map(() => new Map(files).set('0000000000000099-2026-01-03.jsonl', Buffer.alloc(0))),
  'an older head restored': fc.nat(heads.length - 1).map((i) => new Map(files).set('head', heads[i]!)),
});

it('verify reports no problem of an intact trail', async () => {
  expect(names.length).toBeGreaterThan(3);
  expect(await verify(files)).toMatchObject({ ok: true, records: 24, problems: [], head: { sequence: 24 } });
});

it('verify finds every single change', async () => {
  process.stderr.write(`QT_SEED=${seed}\n`);
  for (const [name, edit] of Object.entries(edits())) {
    await fc.assert(
      fc.asyncProperty(edit, async (changed) => {
        const report = await verify(changed);
        if (report.ok || report.problems.length === 0) throw new Error(`${name} was not found`);
      }),
      { seed, numRuns: Math.ceil(runs / 10) },
    );
  }
}, 120_000);

it('verify names kind, file and line of each problem', async () => {
  const name = names[1]!;
  const lines = linesOf(name);
  const last = names.at(-1)!;
  const first = JSON.parse(lines[0]!) as { sequence: number };
  const edited = lines.with(1, lines[1]!.replace('ann', 'bob'));
  const forgedLine = forged(lines[1]!, (fields) => (fields['entry'] = {}));
  const found = async (changed: TrailFiles) =>
    (await verify(changed)).problems.map(({ kind, file, line }) => [kind, file, line]);
  expect(await found(withLines(name, edited))).toEqual([['edited', name, 2]]);
  expect(await found(withLines(name, lines.with(1, forgedLine)))).toEqual([['edited', name, 2]]);
  expect(await found(withLines(name, lines.toSpliced(1, 1)))).toEqual([['deleted', name, 2]]);
  expect(await found(withLines(name, lines.toSpliced(1, 0, 'x')))).toEqual([['inserted', name, 2]]);
  expect(await found(withLines(name, lines.toSpliced(1, 0, lines[0]!)))).toEqual([['inserted', name, 2]]);
  expect(await found(withLines(name, [lines[1]!, lines[0]!, ...lines.slice(2)]))).toEqual([
    ['reordered', name, 2],
  ]);
  expect(await found(without(name))).toEqual([['deleted', names[2], 1]]);
  expect(await found(without(last))).toEqual([['truncated', names.at(-2), linesOf(names.at(-2)!).length]]);
  const cut = new Map(files).set(last, files.get(last)!.subarray(0, -3));
  expect(await found(cut)).toEqual([['truncated', last, linesOf(last).length]]);
  for (const file of names) {
    const unended = new Map(files).set(file, files.get(file)!.subarray(0, -1));
    expect(await found(unended)).toEqual([['truncated', file, linesOf(file).length]]);
  }
  expect(await found(without('head'))).toEqual([['head-mismatch', 'head', undefined]]);
  expect((await found(new Map(files).set('head', heads[first.sequence - 1]!)))[0]).toEqual([
    'head-mismatch',
    name,
    1,
  ]);
});

it('verify reports a sealed head with invalid content as edited', async () => {
  const seal = (body: string) =>
    Buffer.from(`${body.slice(0, -1)},"hash":"${createHash('sha256').update(body).digest('hex')}"}\n`);
  for (const body of ['{"keyed":false,"head":null,"size":0}', '{"keyed":false', '{"keyed":false,"size":0}']) {
    const { problems } = await verify(new Map(files).set('head', seal(body)));
    expect(problems).toEqual([{ kind: 'head-mismatch', file: 'head', detail: 'the head was edited' }]);
  }
});

it('verify finds a consistent rollback by a checkpoint', async () => {
  const long = await scratch.directory();
  await recordedTrail(long, { entries: 9 });
  const short = await scratch.directory();
  await recordedTrail(short, { entries: 5 });
  const { head } = await verifyAuditTrail(long);
  expect(await verifyAuditTrail(long, { expect: head })).toMatchObject({ ok: true });
  expect(await verifyAuditTrail(short)).toMatchObject({ ok: true });
  expect(await verifyAuditTrail(short, { expect: head })).toMatchObject({
    ok: false,
    problems: [{ kind: 'truncated' }],
  });
  const expect5 = { sequence: 5, hash: 'f'.repeat(64) };
  expect(await verifyAuditTrail(long, { expect: expect5 })).toMatchObject({
    problems: [{ kind: 'head-mismatch', line: 5 }],
  });
});

it('verify finds a rewritten trail when there is a key', async () => {
  const keyed = await scratch.directory();
  await recordedTrail(keyed, { key: 'k' });
  const anew = await filesOf(keyed);
  for (const [name, content] of files) anew.set(name, content);
  const directory = await scratch.directory(anew);
  expect((await verifyAuditTrail(directory, { key: 'k' })).problems).toContainEqual(
    expect.objectContaining({ kind: 'head-mismatch', file: 'head' }),
  );
});
