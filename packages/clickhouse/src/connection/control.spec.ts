import { until } from '@quantumtrade/dal-testing';
import { Control } from './control.js';

/** Control of a server that has these queries, or does not answer. */
function controlOf(server: { running: readonly string[] | undefined }) {
  const kills: (readonly string[])[] = [];
  const control = new Control({
    rows: async <T>(_operation: string, _query: string, params: unknown) => {
      const { queryIds } = params as { queryIds: readonly string[] };
      kills.push(queryIds);
      if (!server.running) throw new Error('no answer');
      return server.running.filter((id) => queryIds.includes(id)).map((id) => ({ query_id: id }) as T);
    },
  });
  const released: string[] = [];
  const kill = (queryId: string, { sentMs = 5_000, leftMs = 60_000 } = {}) => {
    const now = Date.now();
    control.kill({
      queryId,
      sentAt: now - sentMs,
      endsAt: now + leftMs,
      release: () => released.push(queryId),
    });
  };
  return { control, kills, released, kill };
}

it('slot is held until the server no longer has the query', async () => {
  const server = { running: ['a'] };
  const { control, kills, released, kill } = controlOf(server);
  kill('a');
  expect([control.orphans, control.held]).toEqual([1, 1]);
  await until(() => kills.length >= 3);
  expect(released).toEqual([]);
  server.running = [];
  await until(() => released.length > 0);
  expect([released, control.orphans, control.held]).toEqual([['a'], 0, 0]);
  expect(control.orphanSeconds).toBeGreaterThan(0.05);
});

it('queries that are left together are killed together', async () => {
  const { kills, released, kill } = controlOf({ running: [] });
  for (const id of ['a', 'b', 'c']) kill(id);
  await until(() => released.length === 3);
  expect(kills).toEqual([['a', 'b', 'c']]);
});

it('query that may not have begun is killed twice', async () => {
  const { control, kills, released, kill } = controlOf({ running: [] });
  kill('a', { sentMs: 800 });
  await until(() => kills.length === 1);
  await until(() => control.orphans === 0);
  expect(kills).toHaveLength(2);
  expect(released).toEqual(['a']);
});

it('slot is held until the query has ended by itself', async () => {
  const { control, kills, released, kill } = controlOf({ running: undefined });
  kill('a', { leftMs: 0 });
  await until(() => kills.length > 3);
  expect(released).toEqual([]);
  await until(() => released.length > 0);
  expect(control.orphans).toBe(0);
});

it('closed control holds no slot', async () => {
  const { control, kills, released, kill } = controlOf({ running: undefined });
  kill('a');
  await until(() => kills.length > 0);
  control.close();
  expect([released, control.orphans]).toEqual([['a'], 0]);
});
