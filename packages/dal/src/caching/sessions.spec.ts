import type { CacheBackend } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { turn } from '@quantumtrade/dal-testing';
import { DatabaseAbstraction } from '../database-abstraction.js';
import { SILENT_INVALIDATIONS } from '../testing/silent-invalidations.js';

let backend: CacheBackend;
beforeEach(() => {
  backend = memoryCacheBackend();
});

/** Opens a data layer that is not notified of any change. */
async function openUnnotified(): Promise<DatabaseAbstraction> {
  const database = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: { ...backend, invalidations: SILENT_INVALIDATIONS },
  });
  await turn();
  return database;
}

const session = (device: string) => ({ userId: 'ann', startedAt: new Date(0), attributes: { device } });

it('save does not revive a session that another process ended', async () => {
  const [one, other] = [await openUnnotified(), await openUnnotified()];
  await one.sessions.save(session('phone'));
  const held = (await one.sessions.find('ann'))!;
  expect(await one.sessions.find('ann')).toBe(held);
  await other.sessions.end('ann');
  expect(await one.sessions.save({ ...held, attributes: { seen: 1 } })).toBeNull();
  expect(await one.sessions.find('ann')).toBeNull();
});

it('sessions that processes begin at once are visible to each', async () => {
  const processes = await Promise.all([openUnnotified(), openUnnotified(), openUnnotified()]);
  for (const { sessions } of processes) await sessions.find('ann');
  await Promise.all(
    processes.flatMap(({ sessions }) => ['phone', 'laptop'].map((device) => sessions.save(session(device)))),
  );
  expect(await (await openUnnotified()).sessions.list('ann')).toHaveLength(6);
});

it('save does not revive a token that another process revoked', async () => {
  const [one, other] = [await openUnnotified(), await openUnnotified()];
  const context = { userId: 'ann', roles: [], permissions: [] };
  await one.authContexts.save('token', context);
  await one.authContexts.find('token');
  const outcomes = [
    one.authContexts.save('token', context),
    other.authContexts.revoke('token'),
    one.authContexts.save('token', context),
  ];
  expect((await Promise.all(outcomes))[1]).toBe(true);
  expect(await one.authContexts.save('token', context)).toBe(false);
  expect(await one.authContexts.find('token')).toBeNull();
  expect(await other.authContexts.find('token')).toBeNull();
});
