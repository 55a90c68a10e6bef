import { anyValue } from '@quantumtrade/dal-domain';
import { RecordingListener, rejectionOf } from '@quantumtrade/dal-conformance';
import { TestSecret, until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { PERMISSIONS } from '../testing/acl-rights.js';
import { callsOf } from '../testing/command-stats.js';
import { closeAll, connect, untilAnswered } from '../testing/connected.js';

let server: RedisProcess;
/** Client with a login of its own. */
let admin: Redis;
let password: TestSecret;
beforeAll(async () => {
  server = await RedisProcess.start('--user', 'admin', 'on', '>admin', '~*', '&*', '+@all');
  admin = new Redis(server.port, '127.0.0.1', { username: 'admin', password: 'admin' });
});
beforeEach(async () => {
  await admin.acl(
    'SETUSER',
    'ann',
    'reset',
    'on',
    '>one',
    '~*',
    '&*',
    ...PERMISSIONS,
    '+client',
    '+subscribe',
  );
  password = new TestSecret('one');
});
afterEach(closeAll);
afterAll(async () => {
  admin.disconnect();
  await server.kill();
});

const connectAnn = () => connect({ url: server.url, username: 'ann', password });

/** Changes what the server accepts. */
const changeOnServer = (text: string) => admin.acl('SETUSER', 'ann', 'resetpass', `>${text}`);
const endConnections = () => admin.call('CLIENT', 'KILL', 'USER', 'ann');

it('a connection that opens again logs in with the current password', async () => {
  const backend = connectAnn();
  await backend.probe.ping();
  await changeOnServer('two');
  password.change('two');
  await endConnections();
  await untilAnswered(backend);
  expect(password.refused).toEqual([]);
});

it('an open connection logs in again when the password changes', async () => {
  const backend = connectAnn();
  await backend.probe.ping();
  await changeOnServer('two');
  const before = await callsOf(admin, 'auth');
  password.change('two');
  await until(async () => (await callsOf(admin, 'auth')) > before);
  await backend.cache.set('key', 1, 60);
});

it('a new password that the server lacks leaves the connection logged in', async () => {
  const backend = connectAnn();
  await backend.probe.ping();
  const before = await callsOf(admin, 'auth');
  password.change('two');
  await until(async () => (await callsOf(admin, 'auth')) > before);
  await backend.cache.set('key', 1, 60);
  expect(await backend.cache.get('key', anyValue)).toBe(1);
});

it('calls wait while a refused login is renewed', async () => {
  await changeOnServer('two');
  password.next = 'two';
  const { cache } = connectAnn();
  await cache.set('key', 1, 60);
  expect(password.refused).toContain('one');
});

it('a login that opens again with an old password is renewed', async () => {
  const backend = connectAnn();
  await backend.probe.ping();
  await changeOnServer('two');
  password.next = 'two';
  await endConnections();
  await untilAnswered(backend);
  expect(password.refused).toContain('one');
});

it('a refused login fails calls when no other password is found', async () => {
  await changeOnServer('two');
  const { cache } = connectAnn();
  expect(await rejectionOf(() => cache.set('key', 1, 60))).toMatchObject({
    code: 'CONNECTION',
    retryable: false,
    message: expect.stringContaining('WRONGPASS'),
  });
});

it('the connection for invalidations opens again with the current password', async () => {
  const { invalidations, probe } = connectAnn();
  await probe.ping();
  const listener = new RecordingListener();
  const stop = invalidations.listen(listener);
  const from = await listener.until('(connected)');
  await changeOnServer('two');
  password.change('two');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  const disconnected = await listener.until('(disconnected)', from);
  await listener.until('(connected)', disconnected);
  await stop();
});

it('the password is watched until the backend closes', async () => {
  const { probe } = connectAnn();
  expect(password.watcherCount).toBe(1);
  await probe.close();
  expect(password.watcherCount).toBe(0);
});

it('closing ends the renewal of a refused login', async () => {
  await changeOnServer('two');
  password.delay = new Promise(() => undefined);
  const { probe } = connectAnn();
  await until(() => password.refused.length > 0);
  await probe.close();
});
