import type { DatabaseError, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { EngineHost, FAULTS, runAtRate, parseScenario, runScenario } from '@quantumtrade/dal-fault-lab';
import { Random, until } from '@quantumtrade/dal-testing';
import { TcpFaultProxy, type ProxiedConnection } from '@quantumtrade/dal-testing/proxies';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { PLAN, SEED } from './plan.js';
import { awaitByDeadline } from './writing/await-by-deadline.js';
import { stopMergesOf } from './writing/migrated-engine.js';

const PASSWORD = 'shared';
const DATABASE = 'failing_hosts';
const TABLE = `${DATABASE}.market_data`;
/** Failures of a host while rows are written. `losing answers`: inserts are stored, and connections are cut instead of acknowledging them. */
const FAILURES = ['closed', 'resetting', 'losing answers', 'losing answers'] as const;
/** Beginning of a request, and the part that only an insert has. */
const POST = 'POST /';
const INSERT = 'query=INSERT';
const PATIENCE_MS = 8_000;
const DAY = Date.UTC(2024, 0, 2);
/** Retries that need no recent calls are as many. */
const MAX_CONNECTIONS = 20;
/** Shorter than the faults, and long enough that a host on a busy machine is not taken for one that hangs. */
const FAILOVER = { probeIntervalMs: 200, probeTimeoutMs: 1_000 };
/** Probes of a host that is still down until the other one, which is back, answers a call: they take two seconds. */
const MAX_PROBES = 2_000 / FAILOVER.probeIntervalMs;

let hosts: { a: EngineHost; b: EngineHost };
const opened: TimeSeriesBackend[] = [];
const proxies: TcpFaultProxy[] = [];
beforeAll(async () => {
  const [a, b] = await Promise.all([EngineHost.start(PASSWORD), EngineHost.start(PASSWORD)]);
  hosts = { a, b };
  const migrate = async (host: EngineHost) => {
    const backend = open([host.url]);
    await backend.schema.initialize();
    await host.query(stopMergesOf(TABLE));
    await backend.marketData.insert({ source: 's', records: [barOf(0)] });
  };
  await Promise.all([a, b].map(migrate));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ probe }) => probe.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.enter('closed')));
});
afterAll(() => Promise.all([hosts.a.stop(), hosts.b.stop()]));

function open(urls: readonly string[], failover: { ejectionMs?: number } = {}): TimeSeriesBackend {
  const endpoints = urls.map((url) => ({ url }));
  const { username } = hosts.a;
  const common = { database: DATABASE, username, password: PASSWORD, failover: { ...FAILOVER, ...failover } };
  const backend = connectClickHouse({ ...common, endpoints, maxConnections: MAX_CONNECTIONS });
  opened.push(backend);
  return backend;
}

const barOf = (n: number) => buildRow('marketData', { symbol: 'S', timestamp: DAY + n });

describe.each(FAULTS)('%s of one of two hosts', (fault) => {
  it(`fails no read, and the host is used again (QT_SEED=${SEED})`, async () => {
    const backend = open([hosts.a.url, hosts.b.url]);
    const scenario = parseScenario(`
      hosts a, b
      read ${PLAN.readsPerSecond} times a second
      at 0.5 s ${fault} a
      at 2.5 s heal a
      end at 3.5 s
    `);
    const { reads } = await runScenario(scenario, hosts, {
      reads: {
        call: async (n) => {
          // Each read is another one, so that none takes part in the answer to another.
          const selection = { symbol: 'S', startTime: DAY, endTime: DAY + n + 1 };
          const { data } = await backend.marketData.find(selection, { deadline: Date.now() + PATIENCE_MS });
          expect(data).toHaveLength(1);
        },
      },
    });
    expect(reads.filter(({ error }) => error !== undefined)).toEqual([]);
    await until(() => backend.probe.endpoints!().every(({ state }) => state === 'healthy'));
  });
});

/** Makes calls while both hosts reset their connections. Each fails by its deadline. Returns the number of calls and of their attempts. */
async function callInVain(backend: TimeSeriesBackend): Promise<{ calls: number; attempts: number }> {
  const attempts = () => hosts.a.resetCount + hosts.b.resetCount;
  await backend.marketData.find({ symbol: 'S' });
  await Promise.all([hosts.a.suffer('reset'), hosts.b.suffer('reset')]);
  const before = attempts();
  const calls = await runAtRate({ forMs: 2_000, perSecond: PLAN.readsPerSecond }, (n) => {
    const deadline = Date.now() + 2_000;
    const selection = { symbol: 'S', startTime: DAY, endTime: DAY + n + 1 };
    return awaitByDeadline(backend.marketData.find(selection, { deadline }), deadline);
  });
  for (const { error } of calls) expect(['CONNECTION', 'TIMEOUT']).toContain((error as DatabaseError).code);
  console.log(`${calls.length} calls, ${attempts() - before} attempts`);
  return { calls: calls.length, attempts: attempts() - before };
}

/** Resolves when a call succeeds. */
const untilAnswered = (backend: TimeSeriesBackend) =>
  until(() =>
    backend.marketData.find({ symbol: 'S' }, { deadline: Date.now() + PATIENCE_MS }).then(
      () => true,
      () => false,
    ),
  );

it('calls fail in time without any host, and succeed soon after', async () => {
  const backend = open([hosts.a.url, hosts.b.url]);
  const { calls, attempts } = await callInVain(backend);
  expect(attempts).toBeLessThanOrEqual(1.1 * calls);
  await hosts.a.heal();
  const healedAt = hosts.b.resetCount;
  await untilAnswered(backend);
  const probes = hosts.b.resetCount - healedAt;
  console.log(`${probes} probes of the other host until a call succeeded`);
  expect(probes).toBeLessThanOrEqual(MAX_PROBES);
  await hosts.b.heal();
});

it('a single host that is down keeps calls to their retry budget', async () => {
  const backend = open([hosts.a.url]);
  const { calls, attempts } = await callInVain(backend);
  expect(attempts).toBeLessThanOrEqual(1.1 * calls + MAX_CONNECTIONS);
  await Promise.all([hosts.a.heal(), hosts.b.heal()]);
  await untilAnswered(backend);
});

/** Starts a proxy that cuts connections in place of answering inserts, while it is in the set. */
async function startLosingProxy(port: number, losing: ReadonlySet<TcpFaultProxy>): Promise<TcpFaultProxy> {
  const proxy = await TcpFaultProxy.start(port);
  const inserting = new WeakSet<ProxiedConnection>();
  proxy.onChunk = (connection, direction, chunk) => {
    if (direction === 'answer') {
      if (losing.has(proxy) && inserting.has(connection)) connection.client.destroy();
    } else if (chunk.includes(POST)) {
      if (chunk.includes(INSERT)) inserting.add(connection);
      else inserting.delete(connection);
    }
  };
  proxies.push(proxy);
  return proxy;
}

it(`writes in flight when a host fails are stored once (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  // Two ways to one engine stand for two replicas: they share their memory of tokens, as replicated tables do.
  const port = Number(new URL(hosts.b.url).port);
  const losing = new Set<TcpFaultProxy>();
  const [first, second] = [await startLosingProxy(port, losing), await startLosingProxy(port, losing)];
  const urls = [first, second].map((proxy) => `http://${proxy.address}`);
  // A host that fails often stays away longer and longer, unless ejections are short.
  const backend = open(urls, { ejectionMs: 10 });
  let written = 1;
  for (let round = 0; round < PLAN.hostFailures; round++) {
    const failing = random.pick([first, second]);
    const inserts = Array.from({ length: 8 }, () =>
      backend.marketData.insert(
        { source: 's', records: [barOf(written++)] },
        { deadline: Date.now() + PATIENCE_MS },
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, random.below(10)));
    const failure = random.pick(FAILURES);
    if (failure === 'losing answers') losing.add(failing);
    else await failing.enter(failure);
    for (const result of await Promise.all(inserts)) expect(result).toMatchObject({ failedCount: 0 });
    losing.delete(failing);
    await failing.enter('open');
    // A host that fails while the other one is still out of use is no failure of one host.
    await until(() => backend.probe.endpoints!().every(({ state }) => state === 'healthy'));
  }
  const stored = await hosts.b.query(`SELECT count(), uniqExact(timestamp) FROM ${TABLE} WHERE symbol = 'S'`);
  expect(stored).toBe(`${written}\t${written}\n`);
});
