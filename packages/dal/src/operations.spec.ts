import type { AuditEntry, MarketData } from '@quantumtrade/dal-domain';
import { OLDEST_TICK } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { currentOperation, onOperationEnd, OperationMetrics } from '@quantumtrade/dal-telemetry';
import { observed } from './operations.js';

const port = {
  async insert() {
    Object.assign(currentOperation() ?? {}, { queryId: 'q-1' });
    return { insertedCount: 2 };
  },
};

function watched(record: (entry: AuditEntry) => Promise<void>) {
  return observed('port', port, new OperationMetrics(), {
    sink: { record },
    actor: 'test',
    clock: { now: () => 77 },
  });
}

it('names the query in the audit entry while operations are observed', async () => {
  const entries: AuditEntry[] = [];
  const observedPort = watched(async (entry) => void entries.push(entry));
  await observedPort.insert();
  const stop = onOperationEnd(() => undefined);
  await observedPort.insert();
  stop();
  expect(entries.map(({ queryId }) => queryId)).toEqual([undefined, 'q-1']);
});

it('records a modification once, also when the sink breaks its promise not to throw', async () => {
  const outcomes: string[] = [];
  const observedPort = watched(async ({ outcome }) => {
    outcomes.push(outcome);
    throw new Error('sink');
  });
  await observedPort.insert();
  expect(outcomes).toEqual(['ok']);
});

const tick: MarketData<true> = {
  symbol: 'AAPL',
  timestamp: new Date(1),
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume: 1n,
  adjustedClose: '1',
  source: 'feed',
  qualityScore: 100,
};

it('passes a subscription on to be read', async () => {
  const metrics = new OperationMetrics();
  const auditing = { sink: { record: async () => undefined }, actor: 'test', clock: { now: () => 77 } };
  const stream = observed('marketStream', memoryCacheBackend().marketStream, metrics, auditing);
  const subscription = stream.subscribe(['AAPL'], { after: { AAPL: OLDEST_TICK } });
  await stream.append('AAPL', [tick]);
  for await (const item of subscription) {
    expect(item).toMatchObject({ kind: 'tick', symbol: 'AAPL', tick });
    break;
  }
  expect(Object.keys(metrics.snapshot().operations)).toEqual(['marketStream.append']);
});
