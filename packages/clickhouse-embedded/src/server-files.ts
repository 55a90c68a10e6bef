import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that a server starts from, in a directory for this user only. */
export interface ServerFiles {
  readonly config: string;
  /** The {@link RelaySettings}. */
  readonly relay: string;
  /** Written by the server: its HTTP and native port, tab-separated, in one line. */
  readonly ports: string;
  /** Written by the engine: its own ports, in the same form. */
  readonly enginePorts: string;
}

/** Configuration of `system.opentelemetry_span_log`. */
const SPAN_LOG = `
  <opentelemetry_span_log>
    <engine>ENGINE MergeTree ORDER BY (finish_date, finish_time_us) TTL finish_date + INTERVAL 7 DAY</engine>
    <database>system</database>
    <table>opentelemetry_span_log</table>
    <flush_interval_milliseconds>1000</flush_interval_milliseconds>
  </opentelemetry_span_log>`;

/** Login that the relay accepts, its ports, and the files with the ports of both sides. */
export interface RelaySettings extends Pick<ServerFiles, 'ports' | 'enginePorts'> {
  username: string;
  /** Hash of the password in hex. */
  passwordSha256: string;
  /** 0 takes a free port. */
  httpPort: number;
  /** 0 takes a free port. */
  tcpPort: number;
}

export interface ServerFileOptions extends Pick<RelaySettings, 'username' | 'httpPort' | 'tcpPort'> {
  password: string;
  spanLog: boolean;
  /** XML elements that are added to the engine's configuration. */
  configuration: string;
}

/**
 * Writes a server's configuration: one user with a password, everything on loopback, UTC, modest caches.
 *
 * The engine starts in the session of a user `default` without a password, which cannot be changed. That user may only open the
 * ports, and in one session, which the server keeps open: no client can log in as `default`.
 */
export async function writeServerFiles(
  directory: string,
  { username, password, spanLog, configuration, httpPort, tcpPort }: ServerFileOptions,
): Promise<ServerFiles> {
  const files = {
    config: join(directory, 'config.xml'),
    relay: join(directory, 'relay.json'),
    ports: join(directory, 'ports'),
    enginePorts: join(directory, 'engine-ports'),
  };
  const passwordSha256 = createHash('sha256').update(password).digest('hex');
  const users = join(directory, 'users.xml');
  await writeFile(
    users,
    `<clickhouse>
  <profiles>
    <default></default>
    <start><max_sessions_for_user>1</max_sessions_for_user></start>
  </profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>start</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
      </grants>
    </default>
    <${username}>
      <password_sha256_hex>${passwordSha256}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </${username}>
  </users>
</clickhouse>
`,
    { mode: 0o600 },
  );
  await writeFile(
    files.config,
    `<clickhouse>
  <users_config>${users}</users_config>
  <timezone>UTC</timezone>
  <mark_cache_size>134217728</mark_cache_size>
  <keep_alive_timeout>30</keep_alive_timeout>${spanLog ? SPAN_LOG : ''}
  ${configuration}
</clickhouse>
`,
    { mode: 0o600 },
  );
  const { ports, enginePorts } = files;
  const relay: RelaySettings = { username, passwordSha256, httpPort, tcpPort, ports, enginePorts };
  await writeFile(files.relay, JSON.stringify(relay), { mode: 0o600 });
  return files;
}

/**
 * Returns the arguments of a server: the relay's settings file, and the engine's arguments with a query that opens the ports, writes
 * them to a file, and sleeps forever.
 */
export function serverArguments(dataDirectory: string, files: ServerFiles): string[] {
  return [
    files.relay,
    'clickhouse-local',
    `--path=${dataDirectory}`,
    `--config-file=${files.config}`,
    '--http_port=0',
    '--tcp_port=0',
    '--listen_host=127.0.0.1',
    '--query',
    [
      'SYSTEM START LISTEN HTTP',
      'SYSTEM START LISTEN TCP',
      `SELECT getServerPort('http_port'), getServerPort('tcp_port') INTO OUTFILE '${files.enginePorts}' FORMAT TSV`,
      'SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS function_sleep_max_microseconds_per_block = 0, max_block_size = 1',
    ].join('; '),
  ];
}
