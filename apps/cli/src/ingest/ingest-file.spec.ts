import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenDatabase } from '@quantumtrade/dal-container';
import { memoryModule, openDatabase } from '@quantumtrade/dal-container';
import { DemoRandom } from '../demo/random.js';
import { SP500 } from '../demo/sp500.js';
import { csvRecords, ScratchDirectory, sp500Bars } from '../testing.js';
import type { Refusal } from './bars.js';
import { ingestFile } from './ingest-file.js';

const HEADER = 'date,open,high,low,close,volume';
const scratch = new ScratchDirectory();
let opened: OpenDatabase;

beforeEach(async () => {
  opened = await openDatabase(memoryModule());
  await opened.database.initializeSchema();
});
afterEach(() => opened.close());
afterAll(() => scratch.remove());

const stored = async () => (await opened.database.getMarketData({}, { exact: true })).data;

describe('ingestFile', () => {
  it('stores every row with exact prices', async () => {
    const report = await ingestFile(opened.database, SP500.file, { symbol: '^GSPC', batchSize: 700 });
    expect(report).toMatchObject({
      rows: SP500.bars,
      insertedCount: SP500.bars,
      updatedCount: 0,
      refusedCount: 0,
    });
    expect(report.source).toBe('csv');
    expect(await stored()).toMatchObject(sp500Bars('^GSPC', 'csv'));
  });

  it('keeps digits beyond floating-point precision', async () => {
    const file = scratch.file(
      'digits.csv',
      `${HEADER}\n2000-01-03,1234567890.12345678,2,1,1,18446744073709551615.00012\n`,
    );
    await ingestFile(opened.database, file, { symbol: 'X' });
    expect((await stored())[0]).toMatchObject({
      open: '1234567890.12345678',
      volume: '18446744073709551615.00012',
    });
  });

  it('stores good rows and reports bad ones by line', async () => {
    const file = scratch.file(
      'bad.csv',
      [
        HEADER,
        '2000-01-03,1,2,1,1,10',
        '01/04/2000,1,2,1,1,10',
        '2000-01-05,1,2,1,"1,5",10',
        '',
        '2000-01-06,1,2,1,1',
        '2000-01-07,1,2,1,,10',
        '2000-01-10,1,2,1,1,-10',
        '2000-01-11,1,2,1,"1"5,10',
        '2000-01-12,1,2.123456789,1,1,10',
        '2000-01-13,1,2,1,1,10.0',
      ].join('\r\n'),
    );
    for (const batchSize of [1, 2, 100]) {
      const refusals: Refusal[] = [];
      const report = await ingestFile(opened.database, file, {
        symbol: 'X',
        restart: true,
        batchSize,
        onRefusal: (refusal) => refusals.push(refusal),
      });
      expect(report).toMatchObject({ rows: 9, refusedCount: 7 });
      expect(refusals.map(({ line, field }) => `${line} ${field}`)).toEqual([
        '3 timestamp',
        '4 close',
        '6 row',
        '7 close',
        '8 volume',
        '9 close',
        '10 high',
      ]);
      expect(refusals.every(({ reason }) => reason.length > 5)).toBe(true);
    }
    expect((await stored()).map(({ timestamp }) => timestamp.getUTCDate())).toEqual([3, 13]);
  });

  it('continues after an abort at any batch', async () => {
    const random = new DemoRandom(7);
    let aborts = 0;
    for (let rows = 0; rows < SP500.bars; aborts++) {
      const controller = new AbortController();
      let batches = Math.ceil(random.between(0, 8));
      const attempt = ingestFile(opened.database, SP500.file, {
        symbol: '^GSPC',
        batchSize: 250,
        signal: controller.signal,
        onProgress: (progress) => {
          rows = progress.rows;
          if (--batches === 0) controller.abort(new Error('stopped by the test'));
        },
      });
      await attempt.catch((error: Error) => expect(error.message).toBe('stopped by the test'));
    }
    expect(aborts).toBeGreaterThan(2);
    const again = await ingestFile(opened.database, SP500.file, { symbol: '^GSPC', batchSize: 250 });
    expect(again).toMatchObject({ resumedAt: SP500.bars, rows: 0 });
    expect((await stored()).map(({ timestamp }) => timestamp.toISOString().slice(0, 10))).toEqual(
      csvRecords(SP500.file).map(({ date }) => date),
    );
  });

  it('continues after a failed write', async () => {
    const file = scratch.file(
      'left.csv',
      [HEADER, ...Array.from({ length: 9 }, (_, day) => `2000-01-0${day + 1},1,2,1,1,10`)].join('\n'),
    );
    const { database } = opened;
    let writes = 0;
    const failing = Object.create(database, {
      insertMarketData: {
        value: (...args: Parameters<typeof database.insertMarketData>) =>
          ++writes === 3 ? Promise.reject(new Error('gone')) : database.insertMarketData(...args),
      },
    }) as typeof database;
    const options = { symbol: 'X', batchSize: 2 };
    await expect(ingestFile(failing, file, options)).rejects.toThrow('gone');
    expect(await ingestFile(database, file, options)).toMatchObject({
      resumedAt: 4,
      rows: 5,
      insertedCount: 5,
    });
  });

  it('starts again when the content or the reading options change', async () => {
    const file = scratch.file('anew.csv', `${HEADER},settle\n2000-01-03,1,2,1,1,10,1.5\n`);
    const ingest = (options: object) => ingestFile(opened.database, file, { symbol: 'X', ...options });
    expect(await ingest({})).toMatchObject({ rows: 1, insertedCount: 1 });
    expect(await ingest({ batchSize: 3 })).toMatchObject({ rows: 0 });
    expect(await ingest({ mapping: { close: 'settle' } })).toMatchObject({ rows: 1, updatedCount: 1 });
    expect(await ingest({ symbol: 'Y' })).toMatchObject({ rows: 1, insertedCount: 1 });
    expect(await ingest({ source: 'other' })).toMatchObject({ rows: 1, insertedCount: 1 });
    expect(await ingest({ restart: true })).toMatchObject({ rows: 1, updatedCount: 1 });
    scratch.file('anew.csv', `${HEADER},settle\n2000-01-03,1,2,1,1,10,1.6\n`);
    expect(await ingest({})).toMatchObject({ rows: 1, updatedCount: 1 });
  });

  it('keeps a correction made after the file', async () => {
    const file = scratch.file('old.csv', `${HEADER}\n2000-01-03,1,2,1,1,10\n2000-01-04,1,2,1,1,10\n`);
    utimesSync(file, new Date('2001-01-01'), new Date('2001-01-01'));
    const source = 'vendor';
    await ingestFile(opened.database, file, { symbol: 'X', source });
    const correction = { ...(await stored())[0]!, close: '1.75' };
    await opened.database.insertMarketData({ records: [correction], source });
    await ingestFile(opened.database, file, { symbol: 'X', source, restart: true });
    expect((await stored()).map(({ close }) => close)).toEqual(['1.75', '1']);
  });

  it('refuses a different second row of one key', async () => {
    const file = scratch.file(
      'twice.csv',
      `${HEADER}\n2000-01-03,1,2,1,1,10\n2000-01-03,1,2,1,1.5,10\n2000-01-03,1,2,1,1.0,10\n`,
    );
    for (const batchSize of [1, 100]) {
      const refusals: Refusal[] = [];
      const onRefusal = (refusal: Refusal) => refusals.push(refusal);
      await ingestFile(opened.database, file, { symbol: 'X', batchSize, restart: true, onRefusal });
      expect(refusals).toEqual([
        { line: 3, field: 'timestamp', reason: expect.stringContaining('of line 2 with other values') },
      ]);
    }
    expect((await stored()).map(({ close }) => close)).toEqual(['1']);
  });

  it('refuses rows of several symbols under one symbol', async () => {
    const file = scratch.file(
      'several.csv',
      `Symbol,${HEADER}\nA.US,2000-01-03,1,2,1,1,10\nB.US,2000-01-04,1,2,1,1,10\nA.US,2000-01-05,1,2,1,1,10\n`,
    );
    const refusals: Refusal[] = [];
    const onRefusal = (refusal: Refusal) => refusals.push(refusal);
    await ingestFile(opened.database, file, { symbol: 'A', onRefusal });
    expect(refusals).toEqual([
      { line: 3, field: 'symbol', reason: expect.stringContaining('is not that of line 2') },
    ]);
    expect((await stored()).map(({ symbol, timestamp }) => [symbol, timestamp.getUTCDate()])).toEqual([
      ['A', 3],
      ['A', 5],
    ]);
  });

  it('refuses earlier refused rows again', async () => {
    const rows = Array.from({ length: 9 }, (_, n) => `2000-01-0${n + 1},1,2,1,${n === 5 ? 'x' : 1},10`);
    const file = scratch.file('again.csv', [HEADER, ...rows].join('\n'));
    for (const resumedAt of [0, 5, 5]) {
      expect(await ingestFile(opened.database, file, { symbol: 'X', batchSize: 2 })).toMatchObject({
        resumedAt,
        rows: 9 - resumedAt,
        refusedCount: 1,
      });
    }
    expect(await stored()).toHaveLength(8);
  });

  it('updates the bars of a file downloaded again', async () => {
    const rows = [HEADER, '2000-01-03,1,2,1,1,10', '2000-01-04,1,2,1,1,20'];
    for (const [name, text] of [
      ['jan.csv', rows.join('\n')],
      ['jan (1).csv', `${rows.join('\r\n')}\r\n`],
    ])
      await ingestFile(opened.database, scratch.file(name!, text!), { symbol: 'X' });
    expect((await stored()).map(({ volume }) => Number(volume))).toEqual([10, 20]);
  });

  it('refuses only the row with an open quote', async () => {
    const rows = ['"2000-01-03,1,2,1,1,10', '2000-01-04,1,2,1,1,10', '2000-01-05,1,2,1,1,"10"'];
    const refusals: Refusal[] = [];
    const file = scratch.file('quote.csv', [HEADER, ...rows].join('\n'));
    const onRefusal = (refusal: Refusal) => refusals.push(refusal);
    await ingestFile(opened.database, file, { symbol: 'X', onRefusal });
    expect(refusals).toEqual([
      { line: 2, field: 'row', reason: 'has a quote that is not closed on its line' },
    ]);
    expect(await stored()).toHaveLength(2);
  });

  it('returns how it read the file', async () => {
    const file = scratch.file(
      'read.csv',
      '# by vendor\nDate;Time;Open;High;Low;Close;Vol\n2023-03-01;09:30;1,5;2,5;1,5;2,5;1.000\n',
    );
    const timezone = 'Europe/Berlin';
    expect(await ingestFile(opened.database, file, { symbol: 'X', timezone })).toMatchObject({
      columns: { timestamp: 'Date + Time', open: 'Open', volume: 'Vol' },
      timezone,
      preambleLines: 1,
      insertedCount: 1,
    });
    expect((await stored())[0]).toMatchObject({ timestamp: new Date('2023-03-01T08:30Z'), close: '2.5' });
    expect(Number((await stored())[0]!.volume)).toBe(1_000);
  });

  it('rounds extra digits only with the option', async () => {
    const rows = ['2000-01-03,1.123456785,2,1,1,0.00012', '2000-01-04,1.5,2,1,1,12.34567'];
    const file = scratch.file('digits.csv', [HEADER, ...rows].join('\n'));
    const reasons: string[] = [];
    const onRefusal = ({ reason }: Refusal) => reasons.push(reason);
    expect(await ingestFile(opened.database, file, { symbol: 'X', onRefusal })).toMatchObject({
      insertedCount: 1,
      refusedCount: 1,
      roundedCount: 0,
    });
    expect(reasons).toEqual([expect.stringMatching(/8 digits.*by --rounding half-even$/)]);
    const rounding = 'half-even';
    expect(await ingestFile(opened.database, file, { symbol: 'X', rounding })).toMatchObject({
      refusedCount: 0,
      roundedCount: 1,
    });
    expect((await stored()).map(({ open, volume }) => [open, String(volume)])).toEqual([
      ['1.12345678', '0.00012'],
      ['1.5', '12.34567'],
    ]);
  });

  it('fills an empty volume only with the option', async () => {
    const file = scratch.file('volume.csv', `${HEADER}\n2000-01-03,1,2,1,1,\n`);
    expect(await ingestFile(opened.database, file, { symbol: 'X' })).toMatchObject({ refusedCount: 1 });
    const defaults = { volume: '7' };
    expect(await ingestFile(opened.database, file, { symbol: 'X', defaults })).toMatchObject({
      insertedCount: 1,
    });
    expect(Number((await stored())[0]!.volume)).toBe(7);
  });

  it('refuses a symbol that is not UTF-8', async () => {
    const file = join(scratch.path, 'latin1.csv');
    writeFileSync(file, Buffer.from(`symbol,${HEADER}\nB\xdcHL,2000-01-03,1,2,1,1,10\n`, 'latin1'));
    const reasons: string[] = [];
    await ingestFile(opened.database, file, { onRefusal: ({ reason }) => reasons.push(reason) });
    expect(reasons).toEqual(['is not UTF-8: save the file in UTF-8']);
  });

  it('refuses ambiguous numbers', async () => {
    const file = scratch.file('two.csv', `${HEADER}\n2000-01-03,1,2,1,"1,234",10\n`);
    expect(await ingestFile(opened.database, file, { symbol: 'X' })).toMatchObject({ refusedCount: 1 });
    await ingestFile(opened.database, file, { symbol: 'X', decimal: ',' });
    expect((await stored())[0]).toMatchObject({ close: '1.234' });
  });

  it('names the problem of an unreadable file', async () => {
    const ingest = (file: string) => ingestFile(opened.database, file, { symbol: 'X' });
    await expect(ingest(`${scratch.path}/none.csv`)).rejects.toThrow('cannot be read (ENOENT)');
    await expect(ingest(scratch.path)).rejects.toThrow('cannot be read (EISDIR)');
    await expect(ingest(scratch.file('empty.csv', ''))).rejects.toThrow('is empty');
  });
});
