import type { AuditEntry } from '@quantumtrade/dal-domain';
import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { currentOperation, onOperationEnd } from '@quantumtrade/dal-telemetry';
import { turn } from '@quantumtrade/dal-testing';
import { bars, MONTH_MS } from '@quantumtrade/dal-testing/records';
import { Processes } from './testing/processes.js';

const away = new ConnectionError('away', { operation: 'test' });
const refused = new QueryError('INSERT', 'no such column', { operation: 'test' });

let memory: ReturnType<typeof memoryTimeSeries>;
let processes: Processes;

beforeEach(() => {
  memory = memoryTimeSeries();
  processes = new Processes(memory, memoryCacheBackend());
});

afterEach(() => processes.end());

const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
const stored = (rows: number) => ({
  at: 77,
  actor: 'test',
  operation: 'marketData.write',
  batchId: UUID,
  insertedCount: rows,
  outcome: 'ok',
});
const ofRecord = (entries: readonly AuditEntry[]) =>
  entries.filter(({ operation }) => operation === 'marketData.write');

it('a batch writer leaves one audit entry for each block', async () => {
  const database = await processes.open();
  const writer = await database.batchWriter({ maxAgeMs: 60_000 });
  const symbols = ['A', 'B', 'C', '!D'];
  const writes = symbols.map((symbol) => writer.write('marketData', bars([symbol])));
  await writer.flush();
  await Promise.all(writes);
  expect(processes.entries).toEqual([stored(3)]);
  void writer.write('marketData', bars(['A', 'B'], countedMonths()));
  await writer.flush();
  expect(processes.entries).toEqual([stored(3), stored(1), stored(1)]);
  expect(new Set(processes.entries.map(({ batchId }) => batchId)).size).toBe(3);
});

it('an audit entry has the query id while operations are observed', async () => {
  const stop = onOperationEnd(() => undefined);
  processes.write = async (...call) => {
    Object.assign(currentOperation() ?? {}, { queryId: 'q-1' });
    return memory.blocks.write(...call);
  };
  const writer = await (await processes.open()).batchWriter({ maxRows: 1 });
  await writer.write('marketData', bars(['A']));
  stop();
  expect(processes.entries).toEqual([{ ...stored(1), queryId: 'q-1' }]);
});

it('an outage leaves one audit entry for a block', async () => {
  let failures = 5;
  processes.write = (...call) => (failures-- > 0 ? Promise.reject(away) : memory.blocks.write(...call));
  const writer = await (await processes.open()).batchWriter({ maxRows: 1, retry: { random: () => 0 } });
  await writer.write('marketData', bars(['A']));
  const [first, last] = processes.entries;
  expect(processes.entries).toEqual([
    { ...stored(1), insertedCount: undefined, outcome: 'CONNECTION' },
    stored(1),
  ]);
  expect(first!.batchId).toBe(last!.batchId);
  expect(failures).toBe(-1);
});

it('a block leaves one audit entry for a refused login', async () => {
  let failures = 5;
  const login = new ConnectionError('login', { operation: 'test', retryable: false });
  processes.write = (...call) => (failures-- > 0 ? Promise.reject(login) : memory.blocks.write(...call));
  const options = { durability: 'journaled', maxRows: 1, retry: { maxDelayMs: 0 } } as const;
  const writer = await (await processes.open()).batchWriter(options);
  await writer.write('marketData', bars(['A']));
  await writer.close();
  expect(processes.entries).toMatchObject([{ outcome: 'CONNECTION' }, stored(1)]);
});

it('a journaled block is audited when it is delivered, refused and replayed', async () => {
  processes.write = () => Promise.reject(away);
  const writer = await (await processes.open('first')).batchWriter({ durability: 'journaled', maxRows: 1 });
  await writer.write('marketData', bars(['A']));
  await turn();
  await writer.close({ deadline: Date.now() }).catch(() => undefined);
  const before = processes.entries.splice(0);
  expect(before.every(({ actor, outcome }) => actor === 'first' && outcome !== 'ok')).toBe(true);

  processes.write = () => Promise.reject(refused);
  const second = await processes.open('second');
  while ((await second.deadLetters.list()).length === 0) {
    await (await second.batchWriter().catch(() => undefined))?.close();
    await turn();
  }
  processes.write = memory.blocks.write;
  const [letter] = await second.deadLetters.list();
  await second.replayDeadLetters([letter!.id]);
  const expected = { actor: 'second', operation: 'marketData.write', batchId: letter!.id };
  expect(processes.entries).toMatchObject([
    { ...expected, outcome: 'QUERY' },
    { ...expected, outcome: 'ok', insertedCount: 1 },
  ]);
  expect(before.every(({ batchId }) => batchId === letter!.id)).toBe(true);
});

it('a transaction and each of its blocks leave an audit entry', async () => {
  const database = await processes.open();
  const { transactionId } = await database.transaction((tx) => {
    tx.insertMarketData(bars(['A', 'B', 'C'], countedMonths()));
    tx.insertFeatures({ symbol: 'A', timestamp: 0, version: 1, features: { a: 1, b: 2 } });
  });
  expect(ofRecord(processes.entries)).toEqual(Array(3).fill({ ...stored(1), transactionId }));
  expect(processes.entries).toContainEqual({
    ...stored(2),
    transactionId,
    operation: 'features.write',
  });
  expect(processes.entries.at(-1)).toEqual({
    ...stored(5),
    operation: 'transactions.run',
    batchId: transactionId,
    transactionId,
  });
});

it('a transaction that fails after its commit is audited with refused rows', async () => {
  processes.write = () => Promise.reject(refused);
  const database = await processes.open();
  const failure = await database
    .transaction((tx) => tx.insertMarketData(bars(['A', 'B'])))
    .catch((error: unknown) => error as { transactionId: string });
  const { transactionId } = failure;
  expect(processes.entries).toMatchObject([
    { operation: 'marketData.write', transactionId, outcome: 'QUERY' },
    { operation: 'transactions.run', batchId: transactionId, failedCount: 2, outcome: 'QUERY' },
  ]);
});

it('a failing audit sink keeps no block from being stored', async () => {
  let asked = 0;
  processes.audit = {
    record: () => {
      asked++;
      throw new Error('disk full');
    },
  };
  const database = await processes.open();
  const writer = await database.batchWriter({ maxRows: 1 });
  expect(await writer.write('marketData', bars(['A']))).toMatchObject({ acceptedCount: 1 });
  await database.transaction((tx) => tx.insertMarketData(bars(['B'])));
  expect((await database.getMarketData({})).totalCount).toBe(2);
  expect(asked).toBe(3);
});

function countedMonths(): () => number {
  let month = 0;
  return () => month++ * MONTH_MS;
}
