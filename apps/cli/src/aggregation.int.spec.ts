import { parseConfig } from '@quantumtrade/dal-config';
import type { OpenDatabase } from '@quantumtrade/dal-container';
import { embeddedModule, memoryModule, openDatabase } from '@quantumtrade/dal-container';
import { SP500 } from './demo/sp500.js';
import { ingestFile } from './ingest/ingest-file.js';
import { csvRecords } from './testing.js';

type Day = Record<'date' | 'open' | 'high' | 'low' | 'close' | 'volume', string>;

interface ByHand {
  start: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: number;
  days: number;
}

/** Returns bars aggregated from the file's rows without the code under test. */
function byHand(startOf: (date: string) => string): ByHand[] {
  const bars: ByHand[] = [];
  for (const { date, open, high, low, close, volume } of csvRecords<Day>(SP500.file)) {
    const start = startOf(date);
    let bar = bars.at(-1);
    if (bar?.start !== start) {
      bar = { start, open, high, low, close, volume: 0, days: 0 };
      bars.push(bar);
    }
    if (Number(high) > Number(bar.high)) bar.high = high;
    if (Number(low) < Number(bar.low)) bar.low = low;
    bar.close = close;
    bar.volume += Number(volume);
    bar.days++;
  }
  return bars.map((bar) => ({
    ...bar,
    ...Object.fromEntries(
      (['open', 'high', 'low', 'close'] as const).map((name) => [name, bar[name].replace(/\.?0+$/, '')]),
    ),
  }));
}

const month = (date: string) => `${date.slice(0, 7)}-01`;
const monday = (date: string) => {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
};

const backends = {
  memory: memoryModule,
  embedded: () =>
    embeddedModule({ ...parseConfig('[redis]\nurl = "redis://127.0.0.1:9"', {}), embedded: {} }),
};

describe.each(Object.entries(backends))('the S&P 500 in %s', (_, module) => {
  let opened: OpenDatabase;
  beforeAll(async () => {
    opened = await openDatabase(module());
    await opened.database.initializeSchema();
    await ingestFile(opened.database, SP500.file, { symbol: SP500.symbol });
  });
  afterAll(() => opened.close());

  const aggregated = async (interval: '1mo' | '1w') => {
    const params = { symbol: SP500.symbol, interval };
    const { data } = await opened.database.getAggregatedData(params, { exact: true });
    return data.map(({ intervalStart, count, bar }) => ({
      start: intervalStart!.toISOString().slice(0, 10),
      open: bar!.open,
      high: bar!.high,
      low: bar!.low,
      close: bar!.close,
      volume: Number(bar!.volume),
      days: count,
    }));
  };

  it('returns October 2008 as in the file', async () => {
    expect((await aggregated('1mo')).find(({ start }) => start === '2008-10-01')).toEqual({
      start: '2008-10-01',
      open: '1164.170044',
      high: '1167.030029',
      low: '839.799988',
      close: '968.75',
      volume: 159_823_030_000,
      days: 23,
    });
  });

  it('returns every month as computed by hand', async () => {
    const expected = byHand(month);
    expect(expected).toHaveLength(244);
    expect(await aggregated('1mo')).toEqual(expected);
  });

  it('returns every week as computed by hand', async () => {
    const expected = byHand(monday);
    expect(expected.length).toBeGreaterThan(1_050);
    expect(await aggregated('1w')).toEqual(expected);
  });
});
