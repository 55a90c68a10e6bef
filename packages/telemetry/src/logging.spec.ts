import { channel } from 'node:diagnostics_channel';
import { afterEach } from '@jest/globals';
import { SeededRandom } from '@quantumtrade/dal-runtime';
import {
  createLogger,
  LoggingAuditSink,
  subscribeLogging,
  traceOperation,
  type OperationEvent,
} from './index.js';
import { driverError, LogLines } from './testing.js';

describe('a logger', () => {
  it('a logger writes one JSON object a line with time and level', () => {
    const log = new LogLines();
    createLogger({ destination: log, name: 'service' }).info({ port: 80 }, 'listening');
    expect(log.texts[0]).toMatch(/^\{[^\n]*\}\n$/);
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'info', name: 'service', port: 80, msg: 'listening' }),
    ]);
    const { time } = log.lines[0] as { time: string };
    expect(new Date(time).toISOString()).toBe(time);
  });

  it('a logger writes nothing below its level', () => {
    const log = new LogLines();
    const logger = createLogger({ destination: log, level: 'warn' });
    logger.info('quiet');
    logger.warn('loud');
    expect(log.lines).toEqual([expect.objectContaining({ msg: 'loud' })]);
  });

  it.each(['password', 'secret', 'token', 'apiKey', 'authorization', 'cookie'])(
    'a logger redacts the key %s',
    (key) => {
      const log = new LogLines();
      createLogger({ destination: log }).info({ [key]: 'hunter2', redis: { [key]: 'hunter2' } });
      expect(log.lines).toEqual([
        expect.objectContaining({ [key]: '[secret]', redis: { [key]: '[secret]' } }),
      ]);
    },
  );

  it('a logger redacts bindings of its children and changes no object', () => {
    const log = new LogLines();
    const redis = { password: 'hunter2', port: 6379 };
    const lists = { list: [{ a: 1 }], at: new Date(0), none: null };
    createLogger({ destination: log })
      .child({ token: 'hunter2' })
      .child({ cookie: 'hunter2' })
      .info({ redis, ...lists });
    expect(log.lines).toEqual([
      expect.objectContaining({
        ...{ token: '[secret]', cookie: '[secret]', redis: { password: '[secret]', port: 6379 } },
        ...{ list: [{ a: 1 }], at: '1970-01-01T00:00:00.000Z', none: null },
      }),
    ]);
    expect(redis.password).toBe('hunter2');
  });

  it('a logger writes only the safe fields of an error', () => {
    const log = new LogLines();
    createLogger({ destination: log }).error({ err: driverError() }, 'no connection');
    expect(log.lines[0]?.['err']).toEqual({
      name: 'ConnectionError',
      code: 'CONNECTION_REFUSED',
      message: 'refused by redis://[secret]@cache:6379',
      queryId: 'q-7',
      retryable: true,
    });
    expect(log.texts.join()).not.toContain('hunter2');
  });
});

describe('the log of operations', () => {
  const log = new LogLines();
  let stop = () => {};
  const begin = (...[options]: [Parameters<typeof subscribeLogging>[1]?]) => {
    log.texts.length = 0;
    stop = subscribeLogging(createLogger({ destination: log }), options);
  };
  afterEach(() => stop());

  const insert = (event: Partial<OperationEvent> = {}) =>
    traceOperation({ operation: 'marketData.insert', ...event }, async () => [
      { symbol: 'SPX', note: 'row content' },
    ]);

  it('logs one line without rows when an operation succeeds', async () => {
    begin();
    await insert({
      backend: 'clickhouse',
      queryId: 'q-1',
      endpoint: 'ch:8123',
      attempts: 2,
      retriedAfter: 'memory',
      rows: 3,
      bytes: 120,
      cacheHit: false,
      trace: { traceId: 'a', spanId: 'b' },
    });
    expect(log.lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        pid: expect.any(Number),
        hostname: expect.any(String),
        operation: 'marketData.insert',
        backend: 'clickhouse',
        endpoint: 'ch:8123',
        queryId: 'q-1',
        attempts: 2,
        retriedAfter: 'memory',
        rows: 3,
        bytes: 120,
        cacheHit: false,
        durationMs: expect.any(Number),
        traceId: 'a',
        spanId: 'b',
        msg: 'operation succeeded',
      },
    ]);
  });

  it('logs secrets that change or cannot be refreshed', () => {
    begin();
    const refreshes = channel('quantumtrade:dal:secret');
    const reference = '${file:/run/secrets/redis}';
    refreshes.publish({ reference });
    refreshes.publish({ reference, reason: 'the file does not exist' });
    stop();
    refreshes.publish({ reference });
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'info', reference, msg: 'secret changed' }),
      expect.objectContaining({ level: 'warn', reference, reason: 'the file does not exist' }),
    ]);
  });

  it('logs successes at debug level when asked to', async () => {
    begin({ successLevel: 'debug' });
    await insert();
    expect(log.lines).toEqual([]);
  });

  it('logs one error line with safe fields when an operation fails', async () => {
    begin({ successLevel: 'debug' });
    await expect(
      traceOperation({ operation: 'cache.get' }, () => Promise.reject(driverError())),
    ).rejects.toThrow();
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: 'error',
        operation: 'cache.get',
        queryId: 'q-7',
        error: {
          name: 'ConnectionError',
          code: 'CONNECTION_REFUSED',
          message: 'refused by redis://[secret]@cache:6379',
          queryId: 'q-7',
          retryable: true,
        },
        msg: 'operation failed',
      }),
    ]);
    expect(log.texts.join()).not.toContain('hunter2');
  });

  it.each([undefined, null, 'hunter2', {}])('logs a line when %j is thrown', async (thrown) => {
    begin();
    await traceOperation({ operation: 'cache.get' }, () => Promise.reject(thrown)).catch(() => {});
    expect(log.lines).toEqual([expect.objectContaining({ level: 'error', msg: 'operation failed' })]);
    expect(log.texts.join()).not.toContain('hunter2');
  });

  it('samples successes by the given draws and never failures', async () => {
    const draws = new SeededRandom(7);
    const random = () => draws.next();
    const expected = new SeededRandom(7);
    begin({ sampling: 0.3, random });
    let sampled = 0;
    for (let n = 0; n < 200; n++) {
      await insert();
      if (expected.next() < 0.3) sampled++;
      const failing = traceOperation({ operation: 'cache.get' }, () => Promise.reject(driverError()));
      await failing.catch(() => {});
    }
    const levels = log.lines.map(({ level }) => level);
    expect(levels.filter((level) => level === 'error')).toHaveLength(200);
    expect(levels.filter((level) => level === 'info')).toHaveLength(sampled);
    expect(sampled).toBeGreaterThan(20);
  });

  it('logs nothing after it is stopped', async () => {
    begin();
    stop();
    await insert();
    expect(log.lines).toEqual([]);
  });
});

describe('the audit log', () => {
  it('the audit sink logs one marked line when the logger is silent', async () => {
    const log = new LogLines();
    const sink = new LoggingAuditSink(createLogger({ destination: log, level: 'silent' }));
    const entry = { operation: 'marketData.insert', rows: 3, at: new Date(0), audit: false };
    await sink.record(entry);
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: 'info',
        audit: true,
        operation: 'marketData.insert',
        rows: 3,
        at: '1970-01-01T00:00:00.000Z',
      }),
    ]);
  });
});
