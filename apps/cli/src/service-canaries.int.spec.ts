import { loadConfig } from '@quantumtrade/dal-config';
import { composeDatabase } from '@quantumtrade/dal-container';
import { createService, dashboard } from '@quantumtrade/dal-service';
import { createLogger } from '@quantumtrade/dal-telemetry';
import { ScratchDirectory } from './testing.js';
import { CANARIES, canaryConfig } from './testing/canary-config.js';
import { Exposure } from './testing/exposure.js';
import { HostileServers } from './testing/hostile-servers.js';

/** Bearer tokens: of the configuration, of a client that mistyped one, and of a client that sends one in the wrong place. */
const TOKENS = {
  known: 'CANARY-token-51aa07',
  wrong: 'CANARY-wrong-token-9c1e',
  misplaced: 'CANARY-misplaced-token-b3d8',
};

const scratch = new ScratchDirectory();
const hostile = new HostileServers();
afterAll(() => {
  hostile.stop();
  scratch.remove();
});

/** Opens a service over servers that answer with what they are sent. */
async function openService(exposure: Exposure) {
  const [echo, echoRedis] = await Promise.all([hostile.echoHttp(), hostile.echoRedis()]);
  const addresses = { clickhouse: `http://127.0.0.1:${echo}`, redis: `redis://127.0.0.1:${echoRedis}` };
  const text = `${canaryConfig(scratch.path, 'http://127.0.0.1:9', addresses)}
    [http]
    port = 0
    auth_contexts = true
    [http.stop]
    drain_delay = 0
    [[http.tokens]]
    user = "ann"
    roles = ["read", "write", "operate"]
    token = "${TOKENS.known}"`;
  const config = await loadConfig({ text, env: {} });
  const { database, close } = await composeDatabase(config);
  const logger = createLogger({
    level: 'trace',
    destination: { write: (line) => exposure.add('requests', line) },
  });
  const plugins = [dashboard({ database })];
  const service = await createService({ database, config: config.http, logger, plugins });
  return { service, close: () => service.stop().then(close) };
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
interface Route {
  readonly method: Method;
  readonly url: string;
}

const DASHBOARD = [
  ...['', '/', '/api/overview', '/api/slow', '/api/explain?id=1', '/api/symbols'],
  ...['/api/chart?symbol=A&interval=1h', '/api/completeness', '/api/completeness?days=30&endTime=2024-01-05'],
];

/** Returns the published routes and those of the dashboard. Streams of events, which do not end, are left out. */
function routesOf(openApi: string): Route[] {
  const { paths } = JSON.parse(openApi) as { paths: Record<string, Record<string, unknown>> };
  const published = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase() as Method,
      url: path.replaceAll(/\{\w+\}/g, 'A'),
    })),
  );
  const ofDashboard = DASHBOARD.map((path) => ({ method: 'GET' as const, url: `/dashboard${path}` }));
  return [...published.filter(({ url }) => url !== '/v1/ticks'), ...ofDashboard];
}

it('the service and its dashboard show no secret while all servers fail', async () => {
  const exposure = new Exposure();
  exposure.start();
  const { service, close } = await openService(exposure);
  const request = async ({ method, url }: Route, token: string, payload?: string) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await service.app.inject({ method, url, headers, ...(payload && { payload }) });
    exposure.add('answers', `${answer.statusCode} ${JSON.stringify(answer.headers)} ${answer.body}`);
    return answer;
  };
  const { body } = await request({ method: 'GET', url: '/openapi.json' }, TOKENS.known);
  const routes = routesOf(body);
  expect(routes.length).toBeGreaterThan(20);
  for (const route of routes) {
    const hasBody = route.method === 'POST' || route.method === 'PUT';
    await request(route, TOKENS.known, hasBody ? '{}' : undefined);
    await request(route, TOKENS.wrong);
    if (hasBody) await request(route, TOKENS.known, `{"source":"${TOKENS.misplaced}`);
  }
  await request({ method: 'GET', url: `/v1/none/${TOKENS.misplaced}` }, TOKENS.known);
  exposure.addProcessArguments();
  await close().catch((error: unknown) => exposure.show('errors', error));
  await exposure.stop();
  exposure.addFiles(scratch.path);
  expect(exposure.leaksOf([...Object.values(CANARIES), ...Object.values(TOKENS)])).toEqual([]);
  const places = ['answers', 'requests', 'logs', 'spans', 'arguments', 'files'];
  expect(Object.keys(exposure.counts)).toEqual(expect.arrayContaining(places));
}, 120_000);
