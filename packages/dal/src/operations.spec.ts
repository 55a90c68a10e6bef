import type { AuditEntry } from '@quantumtrade/dal-domain';
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
