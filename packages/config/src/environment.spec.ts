import { parseConfig } from './index.js';
import { problemOf } from './testing.js';

/** Each key of a file with a text other than its default, its path and value in code, and a text that it refuses. */
const keys: readonly (readonly [key: string, text: string, at: string, becomes: unknown, refused: string])[] =
  [
    ['backend', 'memory', 'backend', 'memory', 'oracle'],
    ['clickhouse.url', 'http://ch:1', 'clickhouse.url', 'http://ch:1', 'ch'],
    ['clickhouse.database', 'prices', 'clickhouse.database', 'prices', ''],
    ['clickhouse.username', 'ann', 'clickhouse.username', 'ann', ''],
    ['clickhouse.connection_timeout', '1.5', 'clickhouse.connectionTimeoutMs', 1_500, '0'],
    ['clickhouse.request_timeout', '7', 'clickhouse.requestTimeoutMs', 7_000, 'soon'],
    ['clickhouse.max_connections', '5', 'clickhouse.maxConnections', 5, '0'],
    ['clickhouse.adaptive_limit', 'true', 'clickhouse.adaptiveLimit', true, 'yes'],
    ['clickhouse.max_queued_calls', '0', 'clickhouse.maxQueuedCalls', 0, '-1'],
    ['clickhouse.max_result_rows', '8', 'clickhouse.maxResultRows', 8, '0'],
    ['clickhouse.max_result_bytes', '8', 'clickhouse.maxResultBytes', 8, '1.5'],
    ['clickhouse.default_page_rows', '8', 'clickhouse.defaultPageRows', 8, '0'],
    ['clickhouse.scan_budget_rows', '8', 'clickhouse.scanBudgetRows', 8, '-1'],
    ['clickhouse.compression', 'True', 'clickhouse.compression', true, 'maybe'],
    ['clickhouse.max_insert_block_size', '9', 'clickhouse.maxInsertBlockSize', 9, '1.5'],
    ['clickhouse.max_query_size', '9', 'clickhouse.maxQuerySize', 9, '-1'],
    ['clickhouse.retry.max_attempts', '4', 'clickhouse.retry.maxAttempts', 4, '0'],
    ['clickhouse.retry.initial_delay_ms', '5', 'clickhouse.retry.initialDelayMs', 5, '-5'],
    ['clickhouse.retry.max_delay_ms', '50', 'clickhouse.retry.maxDelayMs', 50, '5s'],
    ['clickhouse.retry.backoff_multiplier', '1.5', 'clickhouse.retry.backoffMultiplier', 1.5, '0.5'],
    ['clickhouse.drain_timeout', '0.5', 'clickhouse.drainTimeoutMs', 500, '0'],
    ['clickhouse.hedge.percentile', '95', 'clickhouse.hedge.percentile', 95, '-1'],
    ['clickhouse.hedge.after_ms', '50', 'clickhouse.hedge.afterMs', 50, '-1'],
    ['clickhouse.failover.probe_interval_ms', '5', 'clickhouse.failover.probeIntervalMs', 5, '0'],
    ['clickhouse.failover.probe_timeout_ms', '5', 'clickhouse.failover.probeTimeoutMs', 5, '0'],
    ['clickhouse.failover.failures_to_eject', '5', 'clickhouse.failover.failuresToEject', 5, '0'],
    ['clickhouse.failover.ejection', '5', 'clickhouse.failover.ejectionMs', 5_000, '0'],
    ['clickhouse.failover.max_ejection', '5', 'clickhouse.failover.maxEjectionMs', 5_000, '0'],
    ['clickhouse.failover.sweep_interval', '5', 'clickhouse.failover.sweepIntervalMs', 5_000, '0'],
    ['clickhouse.failover.dns_refresh', '5', 'clickhouse.failover.dnsRefreshMs', 5_000, '0'],
    ['redis.url', 'rediss://r:1', 'redis.url', 'rediss://r:1', 'r'],
    ['redis.database', '3', 'redis.database', 3, '-1'],
    ['redis.username', 'ann', 'redis.username', 'ann', ''],
    ['redis.key_prefix', 'staging:', 'redis.keyPrefix', 'staging:', 'a b'],
    ['redis.connection_timeout', '1', 'redis.connectionTimeoutMs', 1_000, ''],
    ['redis.budget', '0.5', 'redis.budgetMs', 500, '0'],
    ['redis.command_timeout', '0.001', 'redis.commandTimeoutMs', 1, '0.0001'],
    ['redis.scan_timeout', '1.5', 'redis.scanTimeoutMs', 1_500, '0'],
    ['redis.max_pending_calls', '7', 'redis.maxPendingCalls', 7, '0'],
    ['redis.max_pending_bytes', '7', 'redis.maxPendingBytes', 7, '0'],
    ['redis.rate_limit_fallback', 'deny', 'redis.rateLimitFallback', 'deny', 'ignore'],
    ['redis.max_reply_bytes', '8', 'redis.maxReplyBytes', 8, '0'],
    ['redis.read_from', 'replica', 'redis.readFrom', 'replica', 'slave'],
    ['redis.invalidation', 'pubsub', 'redis.invalidation', 'pubsub', 'never'],
    ['redis.cluster.enabled', 'true', 'redis.cluster.enabled', true, '1'],
    ['redis.cluster.max_redirections', '0', 'redis.cluster.maxRedirections', 0, 'none'],
    ['redis.cluster.retry_delay_ms', '0', 'redis.cluster.retryDelayMs', 0, '-1'],
    ['embedded.data_directory', '/data', 'embedded.dataDirectory', '/data', ''],
    ['writer.directory', '/data', 'writer.directory', '/data', ''],
    ['writer.durability', 'journaled', 'writer.durability', 'journaled', 'eventually'],
    ['writer.max_future_skew', '0.5', 'writer.maxFutureSkewMs', 500, '0'],
    ['backup.url', 's3://bucket/a', 'backup.url', 's3://bucket/a', '/backups'],
    ['backup.endpoint', 'https://s3:1', 'backup.endpoint', 'https://s3:1', 's3'],
    ['backup.region', 'eu-west-1', 'backup.region', 'eu-west-1', ''],
    ['backup.force_path_style', 'true', 'backup.forcePathStyle', true, 'yes'],
    ['backup.retain_days', '30', 'backup.retainDays', 30, '-1'],
    ['backup.lock_mode', 'compliance', 'backup.lockMode', 'compliance', 'none'],
    ['backup.timeout', '5', 'backup.timeoutMs', 5_000, '0'],
    ['archive.directory', '/archive', 'archive.directory', '/archive', ' /archive'],
    ['archive.interval_ms', '500', 'archive.intervalMs', 500, 'soon'],
    ['archive.max_segment_bytes', '9', 'archive.maxSegmentBytes', 9, '0'],
    ['archive.max_spool_bytes', '9', 'archive.maxSpoolBytes', 9, '0'],
    ['audit.directory', '/audit', 'audit.directory', '/audit', ' /audit'],
    ['audit.actor', 'ann', 'audit.actor', 'ann', ''],
    ['secrets.lifetime', '60', 'secrets.lifetimeMs', 60_000, '0'],
    ['secrets.timeout', '1', 'secrets.timeoutMs', 1_000, '0'],
    ['secrets.rotation_grace', '2', 'secrets.rotationGraceMs', 2_000, '0'],
    ['secrets.aws.region', 'eu-west-1', 'secrets.aws.region', 'eu-west-1', ''],
    ['secrets.aws.endpoint', 'https://vpce:1', 'secrets.aws.endpoint', 'https://vpce:1', 'vpce'],
    ['http.host', '0.0.0.0', 'http.host', '0.0.0.0', ''],
    ['http.port', '0', 'http.port', 0, '-1'],
    ['http.auth_contexts', 'false', 'http.authContexts', false, 'no'],
    ['http.max_body_bytes', '9', 'http.maxBodyBytes', 9, '0'],
    ['http.max_concurrent_requests', '9', 'http.maxConcurrentRequests', 9, '0'],
    ['http.request_timeout', '0.5', 'http.requestTimeoutMs', 500, '0'],
    ['http.stream_timeout', '0.5', 'http.streamTimeoutMs', 500, '0'],
    ['http.rate_limit.reads', '0', 'http.rateLimit.reads', 0, '-1'],
    ['http.rate_limit.writes', '0', 'http.rateLimit.writes', 0, '-1'],
    ['http.rate_limit.window', '1', 'http.rateLimit.windowMs', 1_000, '0'],
    ['http.rate_limit.fallback', 'deny', 'http.rateLimit.fallback', 'deny', 'reject'],
    ['http.ticks.max_streams', '9', 'http.ticks.maxStreams', 9, '0'],
    ['http.ticks.buffer_size', '9', 'http.ticks.bufferSize', 9, '0'],
    ['http.ticks.heartbeat', '0.5', 'http.ticks.heartbeatMs', 500, '0'],
    ['http.ticks.stall_timeout', '0.5', 'http.ticks.stallTimeoutMs', 500, '0'],
    ['http.stop.drain_delay', '0', 'http.stop.drainDelayMs', 0, '-1'],
    ['http.stop.grace', '0.5', 'http.stop.graceMs', 500, '0'],
    ['telemetry.memory_read_sampling', '1', 'telemetry.memoryReadSampling', 1, '2'],
    ['telemetry.metrics.interval', '5', 'telemetry.metrics.intervalMs', 5_000, '0'],
    ['telemetry.traces.sampling', '0.5', 'telemetry.traces.sampling', 0.5, '1.5'],
    ['telemetry.logs.destination', 'file', 'telemetry.logs.destination', 'file', 'printer'],
    ['telemetry.logs.level', 'debug', 'telemetry.logs.level', 'debug', 'trace'],
    ['telemetry.logs.sampling', '0', 'telemetry.logs.sampling', 0, '-1'],
    ['telemetry.logs.audit', 'true', 'telemetry.logs.audit', true, 'yes'],
    ['telemetry.logs.debug', 'cache, writer', 'telemetry.logs.debug', 'cache, writer', 'cache writer'],
    ['telemetry.logs.file', '/log/dal', 'telemetry.logs.file', '/log/dal', ''],
  ];

const variableOf = (key: string) => `QTDAL_${key.toUpperCase().replaceAll('.', '__')}`;

/** Secrets and optional tables. */
const others = [
  ...['password', 'key', 'accessKeyId', 'secretAccessKey'],
  ...['tls', 'cluster', 'sentinel', 'otlp', 'cloudwatch', 'copy'],
  ...['marketData', 'sentiment', 'features', 'predictions', 'outcomes', 'strategyPerformance'],
];

/** Returns the paths of all other values. */
const pathsOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'object'
      ? pathsOf(item, `${path}${key}.`)
      : others.includes(key)
        ? []
        : [`${path}${key}`],
  );

describe('parseConfig', () => {
  it('has a case below for every key', () => {
    expect(keys.map(([, , at]) => at).sort()).toEqual(pathsOf(parseConfig('', {})).sort());
  });

  it.each(keys)('replaces %s when its variable is set', (key, text, at, becomes) => {
    const before = parseConfig('', {});
    const after = parseConfig('', { [variableOf(key)]: text });
    expect(before).not.toHaveProperty(at, becomes);
    expect(after).toHaveProperty(at, becomes);
    expect(pathsOf(after)).toEqual(pathsOf(before));
  });

  it.each(keys)(
    'names the variable when the value of %s is refused',
    (key, _text, _at, _becomes, refused) => {
      const variable = variableOf(key);
      expect(problemOf(() => parseConfig('', { [variable]: refused }))).toMatchObject({
        key: variable,
        source: 'environment',
        reason: expect.stringMatching(/^expected /),
      });
    },
  );

  it.each(keys)('names the file when %s has a wrong type there', (key) => {
    const path = key.split('.');
    const toml = `${path.length > 1 ? `[${path.slice(0, -1).join('.')}]\n` : ''}${path.at(-1)} = [1]`;
    expect(problemOf(() => parseConfig(toml, {}, 'my.toml'))).toMatchObject({
      key,
      source: 'my.toml',
      reason: expect.stringMatching(/^expected /),
    });
  });

  it.each([
    'clickhouse',
    'clickhouse.retry',
    'redis',
    'redis.cluster',
    'embedded',
    'writer',
    'backup',
    'backup.copy',
    'archive',
    'audit',
    'http',
  ])('refuses a value in place of the table %s', (key) => {
    const path = key.split('.');
    const section = path.length > 1 ? `[${path[0]}]\n` : '';
    expect(problemOf(() => parseConfig(`${section}${path.at(-1)} = 1`, {})).key).toBe(key);
  });

  it('says what a list of names looks like', () => {
    expect(() => parseConfig('[telemetry.logs]\ndebug = "a b"', {})).toThrow(
      'names with commas between them',
    );
  });

  it('replaces one key of the file by a variable in mixed case', () => {
    const toml = '[clickhouse]\nmax_connections = 7\nmax_query_size = 8';
    const { clickhouse } = parseConfig(toml, { qtdal_ClickHouse__Max_Connections: '9' });
    expect(clickhouse).toMatchObject({ maxConnections: 9, maxQuerySize: 8 });
  });

  it('ignores variables of other programs', () => {
    const others = { QTDAL_LOG_LEVEL: 'debug', CLICKHOUSE_URL: 'http://ch', QT_SEED: '1' };
    expect(parseConfig('', others)).toEqual(parseConfig('', {}));
  });

  it.each([
    ['QTDAL_CLICKHOUSE_URL', 'did you mean QTDAL_CLICKHOUSE__URL?'],
    ['QTDAL_CLICKHOUS__URL', 'did you mean QTDAL_CLICKHOUSE__URL?'],
    ['QTDAL_CLICKHOUSEURL', 'did you mean QTDAL_CLICKHOUSE__URL?'],
    ['qtdal_redis_cluster_nodes', 'did you mean QTDAL_REDIS__CLUSTER__NODES?'],
    ['QTDAL_CLICKHOUSE__MAX_CONNECTION', 'did you mean QTDAL_CLICKHOUSE__MAX_CONNECTIONS?'],
    ['QTDAL_BACKEND_', 'did you mean QTDAL_BACKEND?'],
    ['QTDAL_BACKND', 'did you mean QTDAL_BACKEND?'],
    ['QTDAL_AUDIT_KEY', 'did you mean QTDAL_AUDIT__KEY?'],
    ['QTDAL_CLICKHOUSE', 'expected one of QTDAL_CLICKHOUSE__URL, '],
    ['QTDAL_REDIS__PORT', 'expected one of QTDAL_REDIS__URL, '],
    ['QTDAL_BACKEND__KIND', 'expected one of QTDAL_BACKEND'],
    ['QTDAL_ORACLE__URL', 'expected one of backend, clickhouse, '],
    ['QTDAL_REDIS__MAX_IDLE', 'was removed: '],
  ])('refuses the variable %s and suggests a name', (variable, reason) => {
    expect(problemOf(() => parseConfig('', { [variable]: '5' }))).toMatchObject({
      key: variable,
      source: 'environment',
      reason: expect.stringContaining(reason),
    });
  });

  it('ignores a similar variable when the file refers to it', () => {
    const toml = '[audit]\nkey = "${QTDAL_AUDIT_KEY:-}"';
    expect(parseConfig(toml, { QTDAL_AUDIT_KEY: 'sesame' }).audit.key?.reveal()).toBe('sesame');
  });

  it.each([
    ['ten thousand levels', { [`QTDAL_${'A__'.repeat(10_000)}B`]: '1' }],
    ['a prototype', { QTDAL_REDIS____PROTO____POLLUTED: '1' }],
    ['a name of a megabyte', { [`QTDAL_REDIS__${'X'.repeat(1_000_000)}`]: '1' }],
  ])('keeps the message short when it refuses %s', (_what, env) => {
    expect(problemOf(() => parseConfig('', env)).message.length).toBeLessThan(2_000);
    expect({}).not.toHaveProperty('POLLUTED');
  });

  it('reads an environment of ten thousand variables', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`QTDAL_SERVICE_${n}`, 'x']));
    expect(parseConfig('', { ...many, QTDAL_BACKEND: 'memory' }).backend).toBe('memory');
  });

  it('refuses two variables for one key', () => {
    const env = { QTDAL_BACKEND: 'memory', qtdal_backend: 'embedded' };
    expect(problemOf(() => parseConfig('', env))).toMatchObject({
      key: 'qtdal_backend',
      reason: 'sets the same key as QTDAL_BACKEND',
    });
  });
});

describe('interpolation', () => {
  const database = (text: string, env: Record<string, string | undefined>) =>
    parseConfig(`[clickhouse]\ndatabase = '${text}'`, env).clickhouse.database;

  it('replaces every occurrence of a variable', () => {
    expect(database('${A}_${B}_${A}', { A: 'x', B: 'y' })).toBe('x_y_x');
  });

  it('uses the default when the variable is unset or empty', () => {
    expect(database('${A:-fallback:-1}', {})).toBe('fallback:-1');
    expect(database('${A:-fallback}', { A: '' })).toBe('fallback');
    expect(database('${A:-fallback}', { A: 'x' })).toBe('x');
  });

  it('reads a number from a variable', () => {
    const { redis } = parseConfig('[redis]\ndatabase = "${DB}"\ncommand_timeout = "${T:-1.5}"', { DB: '3' });
    expect(redis).toMatchObject({ database: 3, commandTimeoutMs: 1_500 });
  });

  it('leaves the value of a variable as it is', () => {
    expect(database('${A}', { A: '${B}' })).toBe('${B}');
    expect(parseConfig('', { QTDAL_CLICKHOUSE__DATABASE: '${B}' }).clickhouse.database).toBe('${B}');
  });

  it('keeps plain text behind a double dollar sign', () => {
    expect(database('a$${A}$', { A: 'x' })).toBe('a${A}$');
  });

  it('names key and variable when the variable is not set', () => {
    expect(
      problemOf(() => parseConfig('[clickhouse]\npassword = "${CLICKHOUSE_PASSWORD}"', {}, 'my.toml')),
    ).toMatchObject({
      key: 'clickhouse.password',
      reason: 'environment variable CLICKHOUSE_PASSWORD is not set',
      source: 'my.toml',
    });
  });

  it('needs no variable when the environment replaces the key', () => {
    const toml = '[clickhouse]\npassword = "${CLICKHOUSE_PASSWORD}"';
    const { clickhouse } = parseConfig(toml, { QTDAL_CLICKHOUSE__PASSWORD: 'sesame' });
    expect(clickhouse.password?.reveal()).toBe('sesame');
  });

  it.each(['${A', '${}', '${1A}', '${A-b}'])('refuses the malformed reference %s', (text) => {
    expect(problemOf(() => database(text, { A: 'x' }))).toMatchObject({
      key: 'clickhouse.database',
      reason: 'expected ${NAME}, ${NAME:-default}, ${file:/path} or ${aws-sm:name#key} after "${"',
    });
  });
});
