import { UsageError } from '../exit-codes.js';
import { findColumns, parseMapping } from './columns.js';

const find = (header: string, mapping = '', symbolGiven = true) =>
  findColumns(header.split(','), mapping ? parseMapping(mapping) : {}, { symbolGiven });

describe('finding the columns of bars', () => {
  it.each([
    'Date,Open,High,Low,Close,Adj Close,Volume',
    'date,open,high,low,close,adjclose,volume',
    'DATETIME,O,H,L,C,adjusted_close,Vol',
    'Timestamp,OPEN,HIGH,LOW,Last,Adj. Close,VOLUME',
  ])('recognises %s', (header) => {
    expect(find(header)).toEqual({
      timestamp: 0,
      open: 1,
      high: 2,
      low: 3,
      close: 4,
      adjustedClose: 5,
      volume: 6,
    });
  });

  it('does without the columns that have a default', () => {
    expect(find('time,open,high,low,close')).toEqual({ timestamp: 0, open: 1, high: 2, low: 3, close: 4 });
  });

  it('takes the symbol from the file unless one is given', () => {
    expect(find('Ticker,Date,Open,High,Low,Close', '', false).symbol).toBe(0);
    expect(find('Ticker,Date,Open,High,Low,Close', '', true).symbol).toBeUndefined();
    expect(() => find('Date,Open,High,Low,Close', '', false)).toThrow('--symbol');
  });

  it('lets the mapping win over usual names', () => {
    expect(find('date,open,high,low,close,settle', 'close=settle').close).toBe(5);
    expect(find('when,open,high,low,close', ' timestamp = when ').timestamp).toBe(0);
  });

  it.each([
    ['Date,Time,Open,High,Low,Close', '', /Several columns could be timestamp \(Date, Time\)/],
    ['Date,Open,High,Low,Close,close', '', /Several columns could be close/],
    ['Date,Open,High,Price', '', /No column for low, close among Date, Open, High, Price/],
    ['Date,Open,High,Low,Close', 'close=Settle', /no column Settle; the file has Date/],
    ['Date,Open,High,Low,Close', 'closing=Close', /field among symbol, timestamp/],
    ['Date,Open,High,Low,Close', 'source=Close', /field among/],
    ['Date,Open,High,Low,Close', 'close', /field=Column/],
  ])('refuses %s with mapping "%s"', (header, mapping, message) => {
    expect(() => find(header, mapping)).toThrow(message);
    expect(() => find(header, mapping)).toThrow(UsageError);
  });
});
