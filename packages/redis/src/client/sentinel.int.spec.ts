import { closeAll, connect } from '../testing/connected.js';
import { RedisProcess, sleep, until } from '../testing/redis-process.js';
import { ScriptedSentinel } from '../testing/scripted-sentinel.js';

let master: RedisProcess;
let deposed: RedisProcess;
let sentinel: ScriptedSentinel;
beforeEach(async () => {
  [master, deposed, sentinel] = await Promise.all([
    RedisProcess.start(),
    RedisProcess.start(),
    ScriptedSentinel.start(),
  ]);
});
afterEach(async () => {
  await closeAll();
  sentinel.stop();
  await Promise.all([master.kill(), deposed.kill()]);
});

/** A client that asks who the master is, and would hear of another one. */
async function connecting() {
  const backend = connect({ url: 'redis://any', sentinel: { name: 'main', nodes: [sentinel.address] } });
  await until(async () => sentinel.asking.length === 1 && sentinel.listening.length === 1);
  return backend;
}

const isAnswered = (call: Promise<unknown>) =>
  call.then(
    () => true,
    () => false,
  );

it('is not ended by news of another master while it asks who that is', async () => {
  const { probe } = await connecting();
  sentinel.announce('main', master.address);
  await sleep(50);
  sentinel.answer(master.address);
  await until(() => isAnswered(probe.ping()));
});

it('leaves the master that it is told of, when it has heard meanwhile of another', async () => {
  const { probe } = await connecting();
  sentinel.announce('main', master.address);
  await sleep(50);
  sentinel.answer(deposed.address);
  await until(async () => sentinel.asking.length === 1);
  sentinel.answer(master.address);
  await until(() => isAnswered(probe.ping()));
});
