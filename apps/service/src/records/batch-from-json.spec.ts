import { feature, marketData, sentiment } from '@quantumtrade/dal-domain';
import { batchFromJson } from './batch-from-json.js';

describe('batchFromJson', () => {
  it('converts instants and 64-bit integers, and keeps exact decimals', () => {
    const body = {
      timestamp: '2024-01-03T00:00:00Z',
      records: [
        { timestamp: '2024-01-02T14:30:00+02:00', close: '1.00000001', contentHash: '18446744073709551615' },
      ],
    };
    expect(batchFromJson(marketData, body)).toMatchObject({
      timestamp: new Date('2024-01-03T00:00:00Z'),
      records: [{ timestamp: new Date('2024-01-02T12:30:00Z'), close: '1.00000001' }],
    });
    const { records } = batchFromJson(sentiment, body) as { records: object[] };
    expect(records).toMatchObject([{ contentHash: 18446744073709551615n }]);
  });

  it.each(['2024-01-02T14:30:00', '2024-01-02 14:30', 'Jan 2 2024', '2024-01-02T14:30:00.1234Z'])(
    'leaves the instant %s to be refused',
    (timestamp) => {
      const batch = batchFromJson(marketData, { records: [{ timestamp }] });
      expect(batch).toMatchObject({ records: [{ timestamp }] });
    },
  );

  it.each(['2024-01-02', '2024-01-02T14:30:00Z', '2024-01-02T14:30:00.120000-05:00'])(
    'converts the instant %s',
    (timestamp) => {
      const batch = batchFromJson(marketData, { records: [{ timestamp }] });
      expect(batch).toMatchObject({ records: [{ timestamp: new Date(timestamp) }] });
    },
  );

  it('converts one set and several', () => {
    const set = { symbol: 'AAPL', timestamp: '2024-01-02', computedAt: '2024-01-03', features: { rsi: 1 } };
    const converted = { ...set, timestamp: new Date('2024-01-02'), computedAt: new Date('2024-01-03') };
    expect(batchFromJson(feature, set)).toEqual([converted]);
    expect(batchFromJson(feature, [set, 5])).toEqual([converted, 5]);
  });

  it.each([null, 5, 'text', [], { records: 5 }, { records: [null, 'x'] }])(
    'keeps %j to be refused',
    (body) => {
      expect(batchFromJson(marketData, body)).toEqual(body);
    },
  );
});
