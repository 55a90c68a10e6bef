import { closeSync, openSync, ftruncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UsageError } from '../exit-codes.js';
import { ScratchDirectory } from '../testing.js';
import { layoutOf } from './layout.js';
import { linesOf } from './text-file.js';

const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

const file = (name: string, content: string | Buffer): string => {
  const path = join(scratch.path, name);
  writeFileSync(path, content);
  return path;
};
const read = async (path: string): Promise<string[]> => {
  const lines: string[] = [];
  for await (const { text, number } of linesOf(path)) lines.push(`${number} ${text}`);
  return lines;
};

describe('linesOf', () => {
  it('splits at three kinds of line ends', async () => {
    expect(await read(file('ends', 'a\r\nb\nc\rd\n\ne'))).toEqual(['1 a', '2 b', '3 c', '4 d', '5 ', '6 e']);
    expect(await read(file('last', 'a\r'))).toEqual(['1 a']);
  });

  it('joins lines across chunks', async () => {
    const lines = Array.from({ length: 12_000 }, (_, n) => `${n} ${'é'.repeat(n % 7)}`);
    const numbered = lines.map((line, n) => `${n + 1} ${line}`);
    expect(await read(file('long', lines.join('\r\n')))).toEqual(numbered);
    expect(await read(file('long.gz', gzipSync(lines.join('\n'))))).toEqual(numbered);
  });

  it.each([
    ['a line without end', 'a,b\n'.padEnd(2_000_000, 'x'), /Line 2 of .* is longer than 1 MiB/],
    ['a line of a million columns', `a,b\n${','.repeat(1_500_000)}`, /Line 2 of .* is longer than 1 MiB/],
    ['text in UTF-16', Buffer.from('\ufeffa,b', 'utf16le'), /is UTF-16/],
    ['a program', 'PK\u0003\u0004aaa\0\0', /is no text/],
    ['a cut gzip file', gzipSync('a,b\n'.repeat(10_000)).subarray(0, 60), /is a damaged gzip file/],
  ])('refuses %s', async (_what, content, message) => {
    const refused = read(file('refused', content));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });

  it('refuses a sparse file of a gigabyte at its first chunk', async () => {
    const path = file('sparse', '');
    const handle = openSync(path, 'r+');
    ftruncateSync(handle, 1024 ** 3);
    closeSync(handle);
    await expect(read(path)).rejects.toThrow(/is no text|UTF-16/);
  });

  it('reads gzip files in bounded memory', async () => {
    const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024, 'x'));
    await expect(read(file('bomb.gz', bomb))).rejects.toThrow('Line 1 of');
  });
});

describe('layoutOf', () => {
  const layout = (content: string, columns?: string[]) =>
    layoutOf(file('layout', content), { mapping: {}, columns });

  it.each([
    ['commas', 'Date,Open,High\n1,2,3', ','],
    ['semicolons and decimal commas', 'Date;Open;High\n1;2,5;3,5', ';'],
    ['tabs', 'Date\tOpen\tHigh\n1\t2\t3', '\t'],
    ['bars', 'Date|Open|High\n1|2|3', '|'],
  ])('recognises %s', async (_what, content, delimiter) => {
    expect(await layout(content)).toMatchObject({
      delimiter,
      names: ['Date', 'Open', 'High'],
      headerLine: 1,
    });
  });

  it('skips lines before the header', async () => {
    expect(await layout('https://vendor\n\nunix,Date,Open,High\n1,2,3,4')).toMatchObject({
      headerLine: 3,
      preambleLines: 1,
      sample: [['1', '2', '3', '4']],
    });
  });

  it('skips a byte order mark', async () => {
    expect((await layout('\ufeffDate,Open,High\n')).names[0]).toBe('Date');
  });

  it('reads the ticker of yfinance and refuses several', async () => {
    const head = (tickers: string) => `Price,Close,High\nTicker,${tickers}\nDate,,\n2025-03-03,1,2`;
    expect(await layout(head('A,A'))).toMatchObject({
      names: ['Date', 'Close', 'High'],
      symbol: 'A',
      headerLine: 3,
      sample: [['2025-03-03', '1', '2']],
    });
    await expect(layout(head('A,B'))).rejects.toThrow('several tickers side by side');
  });

  it('refuses data in place of names, unless names are given', async () => {
    await expect(layout('1704067200000,1.5,2,3\n')).rejects.toThrow(/first line is data.*--columns/);
    expect(await layout('1704067200000,1.5,2,3\n', ['t', 'open'])).toMatchObject({
      names: ['t', 'open', '', ''],
      headerLine: 0,
    });
  });

  it('refuses too many columns', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => `c${n}`);
    await expect(layout(`date,open,high,${many.join(',')}\n`)).rejects.toThrow('5003 columns');
  });
});
