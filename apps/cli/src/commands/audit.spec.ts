import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../exit-codes.js';
import { qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

const trail = join(scratch.path, 'trail');
const config = scratch.file(
  'audited.toml',
  `backend = "memory"\n[audit]\ndirectory = ${JSON.stringify(trail)}\nkey = "sesame"\n`,
);
const audited = (...args: string[]) => qtdal(...args, '--config', config);
const parsed = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await audited(...args, '--json')).out) as T;

it('qtdal audit verify finds a change of the recorded trail', async () => {
  expect(await audited('audit', 'verify')).toMatchObject({ code: EXIT.usage });
  expect((await audited('migrate')).code).toBe(EXIT.ok);
  const bars = scratch.file(
    'bars.csv',
    'date,open,high,low,close,volume\n2000-01-03,1,2,1,1,10\n2000-01-04,1,2,x,1,10',
  );
  expect((await audited('ingest', bars, '--symbol', 'X', '--actor', 'ann')).code).toBe(EXIT.data);

  const lines = await parsed<{ entry: Record<string, unknown> }[]>('audit', 'list');
  const entries = lines.map(({ entry }) => entry);
  expect(entries[0]).toMatchObject({
    actor: userInfo().username,
    operation: 'schema.initialize',
    outcome: 'ok',
  });
  const inserted = entries.filter(({ operation }) => operation === 'marketData.insert');
  expect(inserted).toMatchObject([{ actor: 'ann', insertedCount: 1, batchId: expect.any(String) }]);
  expect(await parsed('audit', 'list', '--limit', '1')).toEqual(lines.slice(-1));
  expect((await audited('audit', 'list')).out).toMatch(/ann +marketData\.insert/);

  const head = (await audited('audit', 'head')).out.trim();
  expect(head).toBe(`${lines.length}:${String((lines.at(-1) as unknown as { hash: string }).hash)}`);
  const fine = await audited('audit', 'verify', '--expect', head);
  expect([fine.code, fine.out]).toEqual([
    EXIT.ok,
    expect.stringMatching(/^ok: \d+ lines, sealed with a key, head /),
  ]);

  const name = readdirSync(trail).find((file) => file.endsWith('.jsonl'))!;
  const file = join(trail, name);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"ann"', '"bob"'));
  const tampered = await audited('audit', 'verify');
  expect(tampered.code).toBe(EXIT.data);
  expect(tampered.out).toMatch(new RegExp(`^EDITED  ${name}:\\d+: .*\nTAMPERED WITH: `));
  expect(await parsed('audit', 'verify')).toMatchObject({
    ok: false,
    problems: [{ kind: 'edited', file: name }],
  });
  expect((await audited('audit', 'list')).code).toBe(EXIT.data);
});

it('qtdal audit refuses a missing trail and a malformed checkpoint', async () => {
  const { code, err } = await qtdal('audit', 'verify');
  expect([code, err]).toEqual([
    EXIT.usage,
    expect.stringMatching(/set audit\.directory, or use --directory/),
  ]);
  expect(await qtdal('audit', 'verify', '--directory', join(scratch.path, 'none'))).toMatchObject({
    code: EXIT.usage,
    err: expect.stringMatching(/no audit trail/),
  });
  expect((await audited('audit', 'verify', '--expect', '7')).code).toBe(EXIT.usage);
});
