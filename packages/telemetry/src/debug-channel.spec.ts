import { createLogger, debugChannel, subscribeDebug } from './index.js';
import { LogLines } from './testing.js';

it('writes the steps of the chosen parts at level debug', () => {
  const log = new LogLines();
  const writer = debugChannel('writer');
  const cache = debugChannel('cache');
  const stop = subscribeDebug(createLogger({ destination: log }), ['writer']);
  expect([writer.hasSubscribers, cache.hasSubscribers]).toEqual([true, false]);
  writer.publish({ message: 'delivery-delayed', delayMs: 5 });
  cache.publish({ message: 'hit' });
  expect(log.lines).toEqual([
    expect.objectContaining({ level: 'debug', part: 'writer', msg: 'delivery-delayed', delayMs: 5 }),
  ]);
  stop();
  expect(writer.hasSubscribers).toBe(false);
});

it.each([
  ['clickhouse.conection', 'did you mean clickhouse.connection?'],
  ['everything', 'there are cache, clickhouse.connection, redis.connection, writer'],
])('refuses the part %s by name', (part, hint) => {
  expect(() => subscribeDebug(createLogger({ level: 'silent' }), [part])).toThrow(
    `no part is named ${part}: ${hint}`,
  );
});
