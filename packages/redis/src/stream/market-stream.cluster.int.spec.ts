import type { MarketStreamItem } from '@quantumtrade/dal-domain';
import { isDatabaseError, OLDEST_TICK } from '@quantumtrade/dal-domain';
import { closeAll, connect } from '../testing/connected.js';
import { RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import { until } from '@quantumtrade/dal-testing';
import { consecutive, numberedTick, numbersOf } from '../testing/ticks.js';

const SYMBOLS = consecutive(0, 12).map((i) => `S${i}`);

let cluster: RedisClusterProcesses;
beforeAll(async () => {
  cluster = await RedisClusterProcesses.start(3, 1);
});
afterAll(() => cluster.stop());
afterEach(closeAll);

it('a failover repeats no tick and reports lost ticks as gaps', async () => {
  const [producer, consumer] = [connect(cluster.settings), connect(cluster.settings)];
  const after = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, OLDEST_TICK]));
  const received = new Map<string, MarketStreamItem[]>(SYMBOLS.map((symbol) => [symbol, []]));
  const stop = new AbortController();
  const reading = (async () => {
    for await (const item of consumer.marketStream.subscribe(SYMBOLS, { after, signal: stop.signal })) {
      received.get(item.symbol)!.push(item);
    }
  })().catch((error: unknown) => error);

  const acknowledged = new Map<string, number[]>(SYMBOLS.map((symbol) => [symbol, []]));
  let next = 0;
  /** Appends one tick to each symbol. A failed append is not repeated, because it may have been executed. */
  const appendToAll = async () => {
    const number = next++;
    const appends = SYMBOLS.map(async (symbol) => {
      try {
        await producer.marketStream.append(symbol, [numberedTick(number, symbol)]);
        acknowledged.get(symbol)!.push(number);
        return true;
      } catch (error) {
        expect(isDatabaseError(error)).toBe(true);
        return false;
      }
    });
    return (await Promise.all(appends)).every(Boolean);
  };

  for (let i = 0; i < 50; i++) await appendToAll();
  await cluster.masters[0]!.server.kill();
  await until(appendToAll);
  for (let i = 0; i < 50; i++) await appendToAll();
  const last = next - 1;
  await until(async () => SYMBOLS.every((symbol) => numbersOf(received.get(symbol)!.slice(-1))[0] === last));
  stop.abort('done');
  expect(await reading).toBe('done');

  for (const symbol of SYMBOLS) {
    const items = numbersOf(received.get(symbol)!);
    const numbers = items.filter((item) => item !== 'gap');
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const number of acknowledged.get(symbol)!.filter((each) => !numbers.includes(each))) {
      const following = items.findIndex((item) => item !== 'gap' && item > number);
      expect(items[following - 1]).toBe('gap');
    }
  }
}, 60_000);
