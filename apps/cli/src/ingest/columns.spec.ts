import { UsageError } from '../exit-codes.js';
import { findColumns, parseMapping } from './columns.js';

const find = (header: string, mapping = '', symbolGiven = true) =>
  findColumns(header.split(','), mapping ? parseMapping(mapping) : {}, { symbolGiven });

describe('findColumns', () => {
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

  it('needs no column for fields with a default', () => {
    expect(find('time,open,high,low,close')).toEqual({ timestamp: 0, open: 1, high: 2, low: 3, close: 4 });
  });

  it('uses the symbol column unless a symbol is given', () => {
    expect(find('Ticker,Date,Open,High,Low,Close', '', false).symbol).toBe(0);
    expect(find('Ticker,Date,Open,High,Low,Close', '', true).symbol).toBeUndefined();
    expect(() => find('Date,Open,High,Low,Close', '', false)).toThrow('--symbol');
  });

  it('combines a date column with a time column', () => {
    const both = { timestamp: 0, time: 1 };
    expect(find('Date,Time,Open,High,Low,Close')).toMatchObject(both);
    expect(find('<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>', 'timestamp=<DATE>')).toMatchObject(both);
    expect(find('when,at,Open,High,Low,Close', 'timestamp=when+at')).toMatchObject(both);
    expect(find('a+b,Open,High,Low,Close', 'timestamp=a+b')).toMatchObject({ timestamp: 0 });
    expect(find('Datetime,x,Open,High,Low,Close,time', 'timestamp=Datetime').time).toBeUndefined();
  });

  it('accepts a rarer timestamp name without a usual one', () => {
    expect(find('open_time,open,high,low,close,close_time').timestamp).toBe(0);
    expect(find('unix,date,open,high,low,close').timestamp).toBe(1);
  });

  it('needs no volume column when a default is given', () => {
    const header = 'Date,Open,High,Low,Close,Volume_(BTC)'.split(',');
    expect(findColumns(header, {}, { symbolGiven: true, volumeGiven: true }).volume).toBeUndefined();
    expect(find(header.join(','), 'volume=Volume_(BTC)').volume).toBe(5);
  });

  it('reads quoted column names with commas', () => {
    expect(parseMapping('"close=Close, adjusted",open=o')).toEqual({ close: 'Close, adjusted', open: 'o' });
  });

  it('shortens a long list of names in the message', () => {
    const header = Array.from({ length: 100_000 }, (_, n) => `\u001b${n}${'x'.repeat(100)}`);
    const refused = () => findColumns(header, {}, { symbolGiven: true });
    expect(refused).toThrow(/\\u001b0x+…, .* and 99980 more/);
  });

  it('reads a mapping of a hundred thousand blanks quickly', () => {
    expect(() => parseMapping(`close=${' '.repeat(100_000)}x y,`)).toThrow(UsageError);
  });

  it('prefers the mapping over usual names', () => {
    expect(find('date,open,high,low,close,settle', 'close=settle').close).toBe(5);
    expect(find('when,open,high,low,close', ' timestamp = when ').timestamp).toBe(0);
  });

  it.each([
    ['Date,Timestamp,Open,High,Low,Close', '', /Several columns could be timestamp \(Date, Timestamp\)/],
    ['Date,Time,time,Open,High,Low,Close', '', /Several columns could be timestamp/],
    [
      'Date,Open,High,Low,Close,Volume_(BTC),Amount',
      '',
      /volume may be in Volume_\(BTC\), Amount: .*--map volume=/,
    ],
    ['<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>', '', /could be volume \(<TICKVOL>, <VOL>\)/],
    ['Date,Open,High,Low,Close', 'close=Close,close=Open', /gives close twice/],
    ['Date,Open,High,Low,Close', '__proto__=Close', /field among/],
    ['Date,Open,High,Low,Close', '"close=Close', /quote that is never closed/],
    ['a,a,Date,Open,High,Low', 'close=a', /2 columns a\./],
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
