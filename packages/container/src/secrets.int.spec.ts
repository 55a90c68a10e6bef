import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@quantumtrade/dal-config';
import { subscribeTracing } from '@quantumtrade/dal-telemetry';
import type { Container, ContainerModule } from 'inversify';
import { shownForms } from '@quantumtrade/dal-testing';
import { buildRow } from '@quantumtrade/dal-testing/records';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { clickHouseRedisModule, embeddedModule, memoryModule } from './modules.js';
import type { OpenDatabase } from './open-database.js';
import { openDatabase } from './open-database.js';
import { composeTelemetry } from './telemetry/compose-telemetry.js';
import { TOKENS } from './tokens.js';

const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
/** Responds with the whole request, as a gateway's page or as an error of ClickHouse. */
const echo = createServer((request, response) => void answer(request, response));
let port: number;
beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  port = (echo.address() as AddressInfo).port;
});
afterAll(() => {
  echo.close();
  rmSync(directory, { recursive: true });
});

let answers = 0;
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const sent = `${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString('latin1')}`;
  const login = Buffer.from(String(request.headers.authorization).slice(6), 'base64').toString();
  const said = `Code: 27. DB::Exception: Cannot parse ${login} ${sent} (CANNOT_PARSE_INPUT_ASSERTION_FAILED)`;
  switch (answers++ % 4) {
    case 0:
      response
        .writeHead(400, { 'X-ClickHouse-Exception-Code': '27', 'X-ClickHouse-Format': 'JSON' })
        .end(said);
      return;
    case 1:
      response.writeHead(403, { 'content-type': 'text/html' }).end(said);
      return;
    case 2:
      response.writeHead(200, { 'content-type': 'text/html' }).end(said);
      return;
    default:
      request.socket.destroy();
  }
}

const secrets = ['CANARY-clickhouse', 'CANARY-redis', 'CANARY-sentinel', 'CANARY-audit', 'CANARY-row'];
const configOf = (redis: string) =>
  parseConfig(
    `[clickhouse]
    url = "http://127.0.0.1:${port}"
    username = "ann"
    password = "CANARY-clickhouse"
    [clickhouse.retry]
    max_attempts = 1
    [redis]
    ${redis}
    [writer]
    directory = "${directory}"
    [audit]
    directory = "${join(directory, 'audit')}"
    key = "CANARY-audit"`,
    {},
  );

const backends: readonly (readonly [string, () => ContainerModule])[] = [
  ['memory', () => memoryModule(configOf('url = "redis://127.0.0.1:9"'))],
  [
    'servers that answer with what they are sent',
    () =>
      clickHouseRedisModule(
        configOf(`url = "${process.env['REDIS_URL']!.replace('redis://', 'redis://nobody:CANARY-redis@')}"`),
      ),
  ],
  [
    'Sentinels that are away',
    () =>
      clickHouseRedisModule(
        configOf(`password = "CANARY-redis"
          connection_timeout = 0.2
          command_timeout = 0.5
          [redis.sentinel]
          name = "primary"
          nodes = ["127.0.0.1:9"]
          password = "CANARY-sentinel"`),
      ),
  ],
  ['an engine in place', () => embeddedModule({ ...configOf('url = "redis://127.0.0.1:9"'), embedded: {} })],
];

/** Every log line there is, with the steps of all parts. */
const observed = parseConfig(
  `[telemetry.logs]
  destination = "file"
  file = "${join(directory, 'dal.log')}"
  audit = true
  debug = "cache, clickhouse.connection, redis.connection, writer"`,
  {},
);

it.each(backends)(
  'data layer on %s shows no secret and no row anywhere',
  async (_, module) => {
    const telemetry = await composeTelemetry(observed);
    const exporter = new InMemorySpanExporter();
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    const stopTracing = subscribeTracing(new BasicTracerProvider({ spanProcessors }));
    const opened = await openDatabase(module(), { audit: telemetry.audit! });
    telemetry.watch(opened.database);
    const leaks = await useAndInspect(opened).finally(() => opened.close().catch(() => undefined));
    stopTracing();
    const { body } = await telemetry.renderMetrics('application/openmetrics-text');
    await telemetry.close();
    const lines = readFileSync(observed.telemetry.logs.file, 'utf8');
    const spans = exporter
      .getFinishedSpans()
      .map(({ name, attributes, status }) => ({ name, attributes, status }));
    expect([spans.length > 5, lines.split('\n').length > 5, body.length > 1_000]).toEqual([true, true, true]);
    for (const [name, texts] of Object.entries({ ...leaks, ...leaksIn({ lines, spans, body }, secrets) })) {
      expect([name, texts]).toEqual([name, []]);
    }
  },
  60_000,
);

/** Makes calls that fail in many ways, and returns the secrets that each part shows afterwards. */
async function useAndInspect(opened: OpenDatabase): Promise<Record<string, string[]>> {
  const { database, container } = opened;
  const row = buildRow('marketData', { symbol: 'CANARY-row' });
  const batch = { source: 'test', records: [row] };
  const deadline = () => ({ deadline: Date.now() + 2_000 });
  const writer = await database.batchWriter({ durability: 'acknowledged', maxRows: 1 });
  const calls = [
    () => database.insertMarketData(batch, deadline()),
    () => database.insertMarketData({ ...batch, source: 5 } as never),
    () => database.getMarketData({ symbols: ['CANARY-row'] } as never, deadline()),
    () => database.insertMarketData(batch, deadline()),
    () => database.transaction((tx) => tx.insertMarketData(batch), deadline()),
    () => writer.write('marketData', batch, deadline()),
    () => database.cacheSet('key', 'CANARY-row', 60, deadline()),
    () => database.cacheGet('key', { parse: () => 'x' }, deadline()),
    () => database.migrateSchema(1, deadline()),
    () => database.health(),
  ];
  const results: unknown[] = [];
  for (const call of calls) {
    await call().then(
      (value) =>
        results.push(typeof value === 'object' && value !== null && 'clickhouseHealthy' in value ? value : 0),
      (error: unknown) => results.push(error),
    );
  }
  const parts = await partsOf(container);
  const engine = parts['EmbeddedClickHouse'] as { password: string } | undefined;
  const hidden = [...secrets, ...(engine ? [engine.password] : [])];
  const shown = {
    opened,
    writer,
    progress: writer.progress(),
    deadLetters: await database.deadLetters.list(),
    results,
    parts,
  };
  return leaksIn(shown, hidden);
}

/** Returns the secrets that each part shows, by its name. */
function leaksIn(
  shown: Readonly<Record<string, unknown>>,
  hidden: readonly string[],
): Record<string, string[]> {
  const leaksOf = (value: unknown) => {
    const text = shownForms(value);
    return hidden.filter((secret) => text.includes(secret));
  };
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, leaksOf(value)]));
}

it('parseConfig returns a configuration that shows no secret', () => {
  const text = shownForms(configOf('password = "CANARY-redis"'));
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});

/** Returns the parts that are bound in a container, by name. */
async function partsOf(container: Container): Promise<Record<string, unknown>> {
  const parts: Record<string, unknown> = {};
  for (const [name, token] of Object.entries(TOKENS)) {
    parts[name] = await container.getAsync(token as symbol, { optional: true });
  }
  return parts;
}
