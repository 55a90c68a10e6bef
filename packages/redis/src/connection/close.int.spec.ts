import { anyValue } from '@quantumtrade/dal-domain';
import { rejectionOf } from '@quantumtrade/dal-conformance';
import { connectRedis } from '../connect-redis.js';
import { closeAll, connect, NO_TIMEOUT, openSockets } from '../testing/connected.js';
import { sleep } from '@quantumtrade/dal-runtime';
import { freePort } from '@quantumtrade/dal-testing';
import { killServers, startRedis, startSilentServer } from '../testing/started-servers.js';

afterEach(async () => {
  await closeAll();
  await killServers();
});

it('close ends without leaking a socket in every connection state', async () => {
  await sleep(500);
  const before = openSockets();
  const server = await startRedis();
  const silent = await startSilentServer();
  const unused = `redis://127.0.0.1:${await freePort()}`;

  const healthy = connectRedis({ url: server.url, ...NO_TIMEOUT });
  await healthy.probe.ping();
  await healthy.probe.close();

  const refused = connectRedis({ url: unused, ...NO_TIMEOUT });
  await rejectionOf(() => refused.probe.ping());
  await refused.probe.close();

  for (const url of [server.url, silent.url, unused])
    await connectRedis({ url, ...NO_TIMEOUT }).probe.close();

  const connecting = connectRedis({ url: silent.url, ...NO_TIMEOUT });
  while (silent.connections.size === 0) await sleep(5);
  const waiting = rejectionOf(() => connecting.probe.ping());
  await connecting.probe.close();
  expect(await waiting).toMatchObject({ code: 'CONNECTION', retryable: false });

  const hung = connectRedis({ url: server.url, ...NO_TIMEOUT });
  await hung.probe.ping();
  server.pause();
  const overdue = rejectionOf(() => hung.probe.ping());
  await hung.probe.close();
  expect((await overdue).code).toBe('CONNECTION');
  server.resume();

  for (const { probe } of [healthy, refused, connecting, hung]) {
    expect(await rejectionOf(() => probe.ping())).toMatchObject({ code: 'CONNECTION', retryable: false });
    expect(probe.connectionCount()).toBe(0);
  }
  while (silent.connections.size > 0) await sleep(5);
  expect(openSockets()).toBe(before);
});

it('close answers the calls made before it', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  const long = 'x'.repeat(8_000);
  await cache.set('key', long, 60);
  const asked = Array.from({ length: 400 }, () => cache.get('key', anyValue));
  const closed = probe.close();
  for (const answer of await Promise.all(asked)) expect(answer === long).toBe(true);
  await closed;
});
