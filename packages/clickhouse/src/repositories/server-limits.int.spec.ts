import type { TimeSeriesBackend, TimeoutError } from '@quantumtrade/dal-domain';
import { onOperationEnd, traceOperation } from '@quantumtrade/dal-telemetry';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { connectClickHouse } from '../backend.js';
import { SLICE_CONDITION } from '../query/time-slice.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

const SECOND = 1_000;
const START = Date.UTC(2024, 0, 30);
const BARS = 200_000;
let large: OwnBackend;
let proxy: HttpFaultProxy;
let backend: TimeSeriesBackend;

beforeAll(async () => {
  large = await openOwnBackend();
  const time = `fromUnixTimestamp64Milli(${START} + toInt64(intDiv(number, 4)) * ${120 * SECOND}, 'UTC')`;
  await large.sql.command(
    'test',
    `INSERT INTO market_data SELECT 'S' || toString(number % 4), ${time}, 1, 2, 0.5, 1, 10, 1, 'a', 100, now64(8) FROM numbers(${BARS})`,
  );
  proxy = await HttpFaultProxy.start({ url: large.settings.url });
  backend = connectClickHouse({
    ...large.settings,
    url: proxy.url,
    requestTimeoutMs: SECOND,
    retry: { maxAttempts: 1 },
  });
});

afterEach(() => {
  proxy.profile = '';
  proxy.isIgnored = () => false;
});

afterAll(async () => {
  await backend.probe.close();
  await proxy.stop();
  await large.close();
});

const page = { order: 'time', limit: 3 } as const;
const inAMinute = () => ({ deadline: Date.now() + 60 * SECOND });
const withoutTime = (found: object) => ({ ...found, executionTimeMs: undefined });

/** Records statements on the record's table, and ignores those that `isIgnored` returns true for. */
function statements(isIgnored: (statement: string) => boolean = () => false): string[] {
  const sent: string[] = [];
  proxy.isIgnored = (statement) => {
    if (!statement.includes('FROM market_data') || statement.includes('AS month')) return false;
    sent.push(statement.includes(SLICE_CONDITION) ? 'slice' : 'whole');
    return isIgnored(statement);
  };
  return sent;
}

it('a page whose query takes too long is read in slices', async () => {
  proxy.profile = 'max_execution_speed=100000&timeout_before_checking_execution_speed=0';
  const sent = statements();
  await expect(backend.marketData.find(page)).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(sent).toEqual(['whole']);
  const found = await backend.marketData.find({ ...page, count: false }, inAMinute());
  expect(sent).toEqual(['whole', 'whole', 'slice']);
  const expected = await large.backend.marketData.find({ ...page, count: false });
  expect(withoutTime(found)).toEqual(withoutTime(expected));
});

it.each(['ascending', 'descending'] as const)(
  'a page in key order (%s) is read in chunks',
  async (direction) => {
    proxy.profile = 'max_execution_speed=70000&timeout_before_checking_execution_speed=0';
    const sent = statements();
    const february = { startTime: Date.UTC(2024, 1), endTime: Date.UTC(2024, 2) };
    const params = { ...february, order: 'key', direction, limit: 75_000, count: false } as const;
    await expect(backend.marketData.find(params)).rejects.toMatchObject({ name: 'TimeoutError' });
    sent.length = 0;
    const found = await backend.marketData.find(params, inAMinute());
    expect(sent.length).toBeGreaterThan(3);
    const { data } = await large.backend.marketData.find(params);
    expect(JSON.stringify(found.data)).toBe(JSON.stringify(data));
  },
);

it('a page without an answer is read in slices', async () => {
  const sent = statements((statement) => !statement.includes(SLICE_CONDITION));
  const found = await backend.marketData.find(page, inAMinute());
  expect(sent.slice(0, 2)).toEqual(['whole', 'slice']);
  // The total is counted in slices, too.
  expect(sent.filter((each) => each === 'whole')).toHaveLength(2);
  expect(withoutTime(found)).toEqual(withoutTime(await large.backend.marketData.find(page)));
});

it('columns that need too much memory are read in slices', async () => {
  const params = { order: 'time', direction: 'descending' } as const;
  proxy.profile = 'max_memory_usage=14000000';
  const sent = statements();
  const { rowCount, columns } = await backend.marketData.columns(params, inAMinute());
  expect(sent.slice(0, 2)).toEqual(['whole', 'slice']);
  const expected = await large.backend.marketData.columns(params);
  expect(rowCount).toBe(BARS);
  expect(columns.timestamp).toEqual(expected.columns.timestamp);
});

it('slices end at the deadline of the call', async () => {
  const sent = statements(() => true);
  const error = await backend.marketData
    .find(page, { deadline: Date.now() + 2.5 * SECOND })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TimeoutError', operation: 'marketData.find' });
  expect((error as TimeoutError).durationMs).toBeGreaterThanOrEqual(2.4 * SECOND);
  expect(sent).toEqual(['whole', 'slice', 'slice']);
});

it('slices end with the reason of the signal', async () => {
  const controller = new AbortController();
  const reason = new Error('the user left');
  statements((statement) => {
    if (statement.includes(SLICE_CONDITION)) controller.abort(reason);
    return true;
  });
  const found = backend.marketData.find(page, { ...inAMinute(), signal: controller.signal });
  await expect(found).rejects.toBe(reason);
});

it('operation says what it ran out of', async () => {
  const ended: unknown[] = [];
  const stop = onOperationEnd(({ retriedAfter }) => ended.push(retriedAfter));
  statements((statement) => !statement.includes(SLICE_CONDITION));
  const run = (sliced: boolean) =>
    traceOperation({ operation: 'test' }, () =>
      (sliced ? backend : large.backend).marketData.find({ ...page, count: false }, inAMinute()),
    );
  await run(true);
  await run(false);
  stop();
  expect(ended).toEqual(['time', undefined]);
});
