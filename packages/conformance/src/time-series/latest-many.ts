import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows } from './record-cases.js';
import { uniqueDay, uniqueName } from './subject.js';

type LooseMethod = (...args: unknown[]) => Promise<unknown>;

/** Tests reads of several values in one call, where a record has them. */
export function latestManyTests(
  runner: TestRunner,
  tested: RecordCase,
  backend: () => TimeSeriesBackend,
): void {
  const { it, expect } = runner;
  const { name, latest, identifier } = tested.definition;
  const methods = () =>
    backend()[name as RecordName] as unknown as Readonly<Record<string, LooseMethod | undefined>>;
  const write = (rows: readonly LooseRow[]) => tested.insert(backend(), batchOfRows(tested, rows));

  /** Expects a call for many values to return what the single calls return. */
  async function expectSame(
    many: string,
    values: readonly string[],
    rest: readonly unknown[],
    one: (value: string, options: object) => Promise<unknown>,
  ): Promise<void> {
    for (const exact of [false, true]) {
      const expected: [string, unknown][] = [];
      for (const value of new Set(values)) {
        const found = await one(value, { exact });
        if (found !== null) expected.push([value, found]);
      }
      const found = (await methods()[many]!(values, ...rest, { exact })) as Map<string, unknown>;
      expect(found instanceof Map).toBe(true);
      expect([...found]).toEqual(expected);
    }
  }

  /** Writes rows of several scopes. Later scopes have older rows. */
  async function writeScopes() {
    const day = uniqueDay();
    const scopes = ['é', 'b', "a'"].map((prefix) => uniqueName(prefix));
    await write(
      scopes.flatMap((scope, i) => [0, 1, 2].map((n) => tested.row(scope, day + (9 - i) * 10 + n, n))),
    );
    return scopes;
  }

  if (latest) {
    it('latestMany returns what latest returns for each value', async () => {
      const [first, second, third] = (await writeScopes()) as [string, string, string];
      const values = [third, uniqueName(), first, third, second];
      if (latest.returns === 'row') {
        await expectSame('latestMany', values, [], (value, options) => methods()['latest']!(value, options));
        expect(await methods()['latestMany']!([])).toEqual(new Map());
        return;
      }
      for (const limit of [0, 1, 2, 5]) {
        await expectSame('latestMany', values, [limit], async (value, options) => {
          const { data } = (await methods()['latest']!(value, limit, options)) as { data: LooseRow[] };
          return data.length > 0 ? data : null;
        });
      }
      expect(await methods()['latestMany']!([], 1)).toEqual(new Map());
    });
  }

  if (latest) {
    it('latestMany finds the newest of rows in many months and before 1970', async () => {
      const [scope, other] = [uniqueName(), uniqueName()];
      const times = [Date.UTC(2024, 2, 1), Date.UTC(1969, 11, 22), -1, Date.UTC(2023, 5, 1), 0];
      await write(times.flatMap((time, n) => [tested.row(scope, time, n), tested.row(other, time - 7, n)]));
      const rest = latest.returns === 'rows' ? [1] : [];
      for (let round = 0; round < 2; round++) {
        const found = (await methods()['latestMany']!([scope, uniqueName(), other], ...rest)) as Map<
          string,
          LooseRow | LooseRow[]
        >;
        const newest = [...found.values()].flat() as LooseRow[];
        const earliest = Date.UTC(2024, 2, 1) - 7;
        expect(newest.map((row) => Number(row['timestamp']) >= earliest)).toEqual([true, true]);
      }
    });
  }

  if (identifier !== undefined) {
    it('findByIds returns what findById returns for each identifier', async () => {
      const scope = uniqueName();
      const day = uniqueDay();
      const rows = [0, 1, 2].map((n) => tested.row(scope, day, n));
      await write(rows);
      await write([tested.row(scope, day + 1, 1)]);
      const [first, second, third] = rows.map((row) => row[identifier] as string) as [string, string, string];
      await expectSame('findByIds', [third, uniqueName(), second, first, third], [], (id, options) =>
        methods()['findById']!(id, options),
      );
      expect(await methods()['findByIds']!([])).toEqual(new Map());
    });
  }

  const many = latest ? `${latest.by}s` : `${identifier}s`;
  if (latest || identifier !== undefined) {
    it('a call for many values refuses wrong ones by position', async () => {
      const rest = latest?.returns === 'rows' ? [1] : [];
      const call = (values: unknown) => methods()[latest ? 'latestMany' : 'findByIds']!(values, ...rest);
      for (const [values, field] of [
        ['A', many],
        [[''], `${many}.0`],
        [['A', null], `${many}.1`],
        [['A', 'B', 7], `${many}.2`],
      ] as const) {
        expect(await summaryOfRejection(() => call(values))).toEqual({ code: 'VALIDATION', field });
      }
    });
  }
}
