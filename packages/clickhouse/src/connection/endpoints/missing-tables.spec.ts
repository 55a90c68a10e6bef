import { FakeCluster } from '../../testing/fake-cluster.js';
import { counted, refusal } from '../../testing/fake-server.js';

const cluster = new FakeCluster();
const PRIMARY = { role: 'primary' } as const;

afterEach(() => cluster.close());

const readMany = async (count: number, options?: object) => {
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) numbers.push(await cluster.read(options));
  return new Set(numbers);
};

it.each([
  [60, 'UNKNOWN_TABLE'],
  [81, 'UNKNOWN_DATABASE'],
])('reads leave a server that lacks what another has (%d)', async (code, name) => {
  await cluster.serve([PRIMARY, PRIMARY], { retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 } });
  cluster.servers[0]!.answer(refusal(code, name));
  expect(await readMany(100, { deadline: Date.now() + 30_000 })).toEqual(new Set([1]));
  expect(cluster.servers[0]!.queries.filter((query) => query.includes('SELECT n'))).toHaveLength(1);
  expect(cluster.client.endpoints()[0]).toMatchObject({ state: 'ejected', lastError: `${name} (${code})` });
});

it('read finds the one server that has the table, whatever its attempts', async () => {
  await cluster.serve(Array(8).fill(PRIMARY), { retry: { maxAttempts: 2 } });
  for (const server of cluster.servers.slice(1)) server.answer(refusal(60, 'UNKNOWN_TABLE'));
  expect(await cluster.read()).toBe(0);
});

it('table that no server has fails a read and ejects none', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.answer(refusal(60, 'UNKNOWN_TABLE'));
  for (let times = 0; times < 40; times++)
    await expect(cluster.read()).rejects.toMatchObject({ code: 'QUERY', retryable: false });
  expect([0, 1].map((number) => cluster.stateOf(number))).toEqual(['healthy', 'healthy']);
});

it('server that passes on the error of another one stays in use', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(
    refusal(60, 'UNKNOWN_TABLE', 'Received from ch-2:9000. DB::Exception: Table d.t does not exist.'),
  );
  expect(await readMany(20)).toEqual(new Set([1]));
  expect(cluster.stateOf(0)).toBe('healthy');
});

it('insert goes to a primary that has the table', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(refusal(60, 'UNKNOWN_TABLE'));
  cluster.servers[1]!.answer(counted(1));
  expect(await cluster.insert()).toMatchObject({ attempts: 2 });
  expect(cluster.stateOf(0)).toBe('ejected');
});
