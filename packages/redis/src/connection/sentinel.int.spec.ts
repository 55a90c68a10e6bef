import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { closeAll, connect } from '../testing/connected.js';
import { ScriptedSentinel } from '../testing/scripted-sentinel.js';

let master: RedisProcess;
let other: RedisProcess | undefined;
let sentinel: ScriptedSentinel;
beforeEach(async () => {
  [master, sentinel] = await Promise.all([RedisProcess.start(), ScriptedSentinel.start()]);
});
afterEach(async () => {
  await closeAll();
  sentinel.stop();
  await Promise.all([master.kill(), other?.kill()]);
});

/** Connects a client that has asked for the master and subscribed to switches. */
async function startConnecting() {
  const backend = connect({ url: 'redis://any', sentinel: { name: 'main', nodes: [sentinel.address] } });
  await until(async () => sentinel.asking.length === 1 && sentinel.subscribers.length === 1);
  return backend;
}

const succeeds = (call: Promise<unknown>) =>
  call.then(
    () => true,
    () => false,
  );

it('a switch announced during the master lookup does not end the client', async () => {
  const { probe } = await startConnecting();
  sentinel.announce('main', master.address);
  await sleep(50);
  sentinel.answer(master.address);
  await until(() => succeeds(probe.ping()));
});

it('a master found after a switch was announced is left again', async () => {
  other = await RedisProcess.start();
  const { probe } = await startConnecting();
  sentinel.announce('main', master.address);
  await sleep(50);
  sentinel.answer(other.address);
  await until(async () => sentinel.asking.length === 1);
  sentinel.answer(master.address);
  await until(() => succeeds(probe.ping()));
});

it('the replica lookup continues while the master hangs', async () => {
  other = await RedisProcess.start('--replicaof', '127.0.0.1', String(master.port));
  const { cache, probe } = connect({
    url: 'redis://any',
    sentinel: { name: 'main', nodes: [sentinel.address] },
    readFrom: 'replica',
    commandTimeoutMs: 200,
  });
  await until(async () => sentinel.asking.length === 1 && sentinel.askingForReplicas.length === 1);
  sentinel.answer(master.address);
  sentinel.answerReplica(other.address);
  await until(async () => probe.connectionCount() === 2);

  await other.kill();
  await until(async () => sentinel.askingForReplicas.length === 1);
  master.pause();
  await until(async () => {
    await succeeds(cache.set('key', 1, 60));
    return sentinel.asking.length === 1;
  });
  master.resume();
  await other.start();
  sentinel.answer(master.address);
  sentinel.answerReplica(other.address);
  await until(async () => probe.connectionCount() === 2);
});
