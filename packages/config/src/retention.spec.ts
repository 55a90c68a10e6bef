import { parseConfig } from './load-config.js';

it('reads the retention of a record from variables', () => {
  const days = { QTDAL_RETENTION__MARKET_DATA__DELETE_AFTER_DAYS: '9' };
  expect(parseConfig('', days).retention.marketData).toMatchObject({
    deleteAfterDays: 9,
    moveAfterDays: 0,
  });
  const wrong = { QTDAL_RETENTION__MARKET_DATA__DELETE_AFTER_DAYS: '-1' };
  expect(() => parseConfig('', wrong)).toThrow('QTDAL_RETENTION__MARKET_DATA__DELETE_AFTER_DAYS');
});

it('has the retention of the records that a file names', () => {
  const { retention } = parseConfig('[retention.outcomes]\nmove_after_days = 3\nmove_to_volume = "cold"', {});
  expect(retention).toEqual({
    outcomes: {
      ...{ deleteAfterDays: 0, moveAfterDays: 3, moveToVolume: 'cold' },
      ...{ recompressAfterDays: 0, recompressLevel: 3 },
    },
  });
  expect(() => parseConfig('[retention.bars]\ndelete_after_days = 3', {})).toThrow('retention.bars');
});
