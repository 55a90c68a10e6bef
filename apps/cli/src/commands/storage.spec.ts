import type { TableRetention } from '@quantumtrade/dal-domain/operations';
import { describeServer } from './storage.js';

it('expired rows of several servers are not shown as those of one', () => {
  const partition = {
    ...{ table: 'market_data', partition: '202001', parts: 1, partsOfFullest: 1, rows: 3 },
    ...{ compressedBytes: 1, uncompressedBytes: 2, oldest: null, newest: null },
  };
  const server = { name: 'ch-1:8123', partitions: [partition], unfinishedMutations: 0, failedMutations: 0 };
  const retention: TableRetention = {
    ...{ record: 'marketData', table: 'market_data', configured: 'a', applied: 'a', statement: null },
    expired: [{ partition: '202001', rows: 77, bytes: 1 }],
  };
  expect(describeServer(server, false, [retention])).toMatch(/ 77$/);
  expect(describeServer(server, true, [retention])).toMatch(/^ch-1:8123:\n(?!.*77)/s);
});
