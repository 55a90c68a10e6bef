import type { Page } from '@quantumtrade/dal-domain';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const database = new OwnDatabase('query');
const config = scratch.file('query.toml', database.config());

const query = (...args: string[]) => qtdal('query', 'market-data', ...args, '--config', config);

async function page(...args: string[]): Promise<Page<{ symbol: string; timestamp: string }>> {
  const { code, out, err } = await query(...args, '--json');
  expect([code, err]).toEqual([EXIT.ok, '']);
  return JSON.parse(out) as Page<{ symbol: string; timestamp: string }>;
}

beforeAll(async () => {
  const days = ['2024-01-02', '2024-01-03', '2024-01-04'];
  const rows = ['A', 'B', 'C'].flatMap((symbol) => days.map((day) => `${day},${symbol},1,2,1,1.5,10`));
  const file = scratch.file('bars.csv', ['date,symbol,open,high,low,close,volume', ...rows].join('\n'));
  expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
  expect((await qtdal('ingest', file, '--config', config)).code).toBe(EXIT.ok);
});
afterAll(async () => {
  await database.drop();
  scratch.remove();
});

const keysOf = ({ data }: Awaited<ReturnType<typeof page>>) =>
  data.map(({ symbol, timestamp }) => `${symbol} ${timestamp.slice(8, 10)}`);

it('pages follow each other by their cursors', async () => {
  const keys: string[] = [];
  let cursor: string | null = null;
  do {
    const next = await page('--limit', '4', ...(cursor === null ? [] : [`--cursor=${cursor}`]));
    keys.push(...keysOf(next));
    cursor = next.nextCursor;
  } while (cursor !== null);
  expect(keys).toEqual(['A 02', 'A 03', 'A 04', 'B 02', 'B 03', 'B 04', 'C 02', 'C 03', 'C 04']);
});

it('text output names the cursor of the next page', async () => {
  const { nextCursor } = await page('--limit', '8');
  const first = await query('--limit', '8');
  expect(first.out).toMatch(new RegExp(`8 of 9 rows in .*\nnext page: --cursor=${nextCursor}\n$`));
  const last = await query('--limit', '8', `--cursor=${nextCursor}`);
  expect(last.out).toMatch(/\nC .*\n1 rows in [^\n]*\n$/);
});

it('order, direction, symbols and select apply', async () => {
  const ordered = await page('--symbols', 'A,C', '--order', 'time', '--direction', 'descending');
  expect(keysOf(ordered)).toEqual(['C 04', 'A 04', 'C 03', 'A 03', 'C 02', 'A 02']);
  const { data } = await page('--select', 'close,symbol', '--limit', '1');
  expect(data).toEqual([{ symbol: 'A', close: 1.5 }]);
});

it('a cursor of another query is refused', async () => {
  const { nextCursor } = await page('--limit', '4');
  const { code, out, err } = await query('--symbol', 'A', `--cursor=${nextCursor}`);
  expect([code, out]).toEqual([EXIT.usage, '']);
  expect(err).toMatch(/cursor - belongs to another query/);
});
