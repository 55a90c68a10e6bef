import { toWriteToken, writesToSee } from '@quantumtrade/dal-domain';
import { bars, MONTH_MS } from '@quantumtrade/dal-testing/records';
import { writerHarness } from './testing/writer-harness.js';

/** A writer whose blocks are acknowledged by one server after the other. */
function acknowledgedInTurn() {
  const harness = writerHarness({ maxRows: 1 });
  let servers = 0;
  harness.script.answer = async ({ id }) => ({
    superseded: null,
    writeToken: toWriteToken([{ endpoint: `ch-${++servers}`, shard: '1', record: 'marketData', id }]),
  });
  return harness;
}
const serversOf = (writeToken: string | null) =>
  writesToSee(writeToken, 'test').map(({ endpoint }) => endpoint);

const inTwoMonths = () => {
  let n = 0;
  return bars(['A', 'B'], () => n++ * 3 * MONTH_MS);
};

it('token of a write names the servers of all its blocks', async () => {
  const { open, advance, attempts } = acknowledgedInTurn();
  const write = open().write('marketData', inTwoMonths());
  await advance(50);
  expect(serversOf((await write).writeToken)).toEqual(['ch-1', 'ch-2']);
  expect(attempts).toHaveLength(2);
});

it('token of a feed names the servers of all its blocks', async () => {
  const { open, advance } = acknowledgedInTurn();
  const batches = Array.from({ length: 120 }, (_, n) => bars([`S${n}`]));
  const feed = open().writeAll('marketData', batches);
  for (let i = 0; i < 10; i++) await advance(50);
  expect(new Set(serversOf((await feed).writeToken)).size).toBe(120);
});
