import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { callMethod, methodCases } from './method-cases.js';
import { ORDERS } from './paging.js';
import type { LooseReads } from './read-methods.js';
import { allPages, readsOf, rowTexts } from './read-methods.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, recordCases } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, uniqueDay, uniqueName } from './subject.js';

const ALLOWED = { missingShards: 'allowed' } as const;
const TAKING = ['find', 'columns', 'latestMany'];
const EARLIER = 'missing since an earlier page';

/** Tests reads that may do without shards, while no shard is missing. */
export function missingShardSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'missing shards', (backend) => {
    const { it, expect } = runner;
    for (const tested of recordCases) recordTests(runner, tested, backend);

    it('reads of features that allow missing shards are complete', async () => {
      const day = uniqueDay();
      const symbols = ['é', 'b', "a'"].map((prefix) => uniqueName(prefix));
      const sets = symbols.flatMap((symbol) =>
        [0, 1, 2].map((n) => ({ symbol, timestamp: day + n, features: { a: n, b: 1 }, version: 1 })),
      );
      await backend().features.insert(sets);
      await expectSameReads(runner, readsOf(backend(), 'features'), rangeOf(day));
      const found = await backend().features.latestMany(symbols, ALLOWED);
      expect(found).toEqual({ data: await backend().features.latestMany(symbols), missing: [] });
      expect([...found.data.keys()]).toEqual(symbols);
    });

    for (const tested of methodCases) {
      const takes = TAKING.includes(tested.method);
      it(`${tested.name} ${takes ? 'refuses a wrong missingShards' : 'has no missingShards'}`, async () => {
        for (const missingShards of takes ? ['', 'named', true, null, ['allowed']] : ['allowed', 'refused']) {
          const call = () => callMethod(backend(), tested, tested.args, { missingShards } as object);
          expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field: 'missingShards' });
        }
        if (!takes) return;
        const answer = await callMethod(backend(), tested, tested.args, {
          missingShards: 'refused',
        } as object);
        expect('missing' in (answer as object)).toBe(false);
      });
    }
  });
}

const rangeOf = (day: number) => ({ startTime: day, endTime: day + DAY });

function recordTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { name, latest } = tested.definition;
  const reads = () => readsOf(backend(), name as RecordName);

  /** Writes rows of scopes on different shards, where there are any. */
  async function writeScopes() {
    const day = uniqueDay();
    const scopes = ['é', 'b', "a'", 'Z'].map((prefix) => uniqueName(prefix));
    const rows = scopes.flatMap((scope) => [0, 1, 2].map((n) => tested.row(scope, day + (n >> 1) * 10, n)));
    await tested.insert(backend(), batchOfRows(tested, rows));
    return { day, scopes };
  }

  it(`reads of ${name} that allow missing shards are complete`, async () => {
    const { day, scopes } = await writeScopes();
    await expectSameReads(runner, reads(), rangeOf(day));
    await expectSameReads(runner, reads(), tested.where(scopes[1]!));
  });

  it(`pages of ${name} stay without shards of earlier ones`, async () => {
    const { day } = await writeScopes();
    const params = rangeOf(day);
    const { nextCursor } = await reads().find({ ...params, limit: 0 });
    const content = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as object;
    const cursorOf = (m: unknown) => Buffer.from(JSON.stringify({ ...content, m })).toString('base64url');
    const cursor = cursorOf([2]);
    const refused = { code: 'VALIDATION', field: 'cursor' };
    expect(await summaryOfRejection(() => reads().find({ ...params, cursor }))).toEqual(refused);
    for (const wrong of [2, ['2'], [0], [1.5], null, [null]]) {
      const call = () => reads().find({ ...params, cursor: cursorOf(wrong) }, ALLOWED);
      expect(await summaryOfRejection(call)).toEqual(refused);
    }
    for (const limit of [1, 100]) {
      const walk = { ...params, limit, count: true };
      const pages = await allPages(reads(), { ...walk, cursor }, ALLOWED);
      for (const page of pages) {
        const missing = [{ shard: 2, values: null, reason: EARLIER }];
        expect(page).toMatchObject({ totalCount: null, missing });
      }
    }
  });

  if (!latest) return;
  it(`latestMany of ${name} that allows missing shards is complete`, async () => {
    const { scopes } = await writeScopes();
    const { latestMany } = backend()[name as RecordName] as unknown as Readonly<
      Record<string, (...args: unknown[]) => Promise<Map<string, LooseRow>>>
    >;
    const values = [scopes[2]!, uniqueName(), ...scopes];
    for (const rest of latest.returns === 'rows' ? [[1], [2], [5], [0]] : [[]]) {
      for (const exact of [false, true]) {
        const expected = await latestMany!(values, ...rest, { exact });
        const found = await latestMany!(values, ...rest, { exact, ...ALLOWED });
        expect(found).toEqual({ data: expected, missing: [] });
        const { data } = found as unknown as { data: typeof expected };
        expect([...data.keys()]).toEqual([...expected.keys()]);
      }
      expect(await latestMany!([], ...rest, ALLOWED)).toEqual({ data: new Map(), missing: [] });
    }
  });
}

/** Expects reads that allow missing shards to return what others return, and that no shard is missing. */
async function expectSameReads({ expect }: TestRunner, reads: LooseReads, params: object): Promise<void> {
  for (const ordered of ORDERS) {
    for (const more of [{ limit: 5, count: true }, { limit: 12, count: false }, {}]) {
      const expected = await allPages(reads, { ...params, ...ordered, ...more });
      const found = await allPages(reads, { ...params, ...ordered, ...more }, ALLOWED);
      const untimed = (pages: typeof found) =>
        pages.map((page) => ({ ...page, executionTimeMs: 0, missing: [] }));
      expect(found.map((page) => ({ ...page, executionTimeMs: 0 }))).toEqual(untimed(expected));
    }
    for (const limit of [1, 5, undefined]) {
      const given = { ...params, ...ordered, ...(limit !== undefined && { limit }) };
      expect(await reads.columns(given, ALLOWED)).toEqual({ ...(await reads.columns(given)), missing: [] });
    }
  }
  const inAnyOrder = { ...params, order: 'none' };
  const page = await reads.find(inAnyOrder, ALLOWED);
  const sorted = (rows: readonly object[]) => rowTexts(rows).sort();
  expect(sorted(page.data)).toEqual(sorted((await reads.find(inAnyOrder)).data));
  const { hasMore, nextCursor } = await reads.find({ ...inAnyOrder, limit: 2 }, ALLOWED);
  expect([page.hasMore, hasMore, nextCursor]).toEqual([false, true, null]);
  const selected = { ...params, order: 'time', select: ['timestamp'] };
  expect(await reads.columns(selected, ALLOWED)).toEqual({ ...(await reads.columns(selected)), missing: [] });
}
