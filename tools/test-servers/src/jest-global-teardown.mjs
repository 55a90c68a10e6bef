export default async function tearDown() {
  await dropTemplate();
  await Promise.all(globalThis.testServers.map((server) => server.stop()));
}

/** Drops the database that the tests share: a given server outlives them. */
async function dropTemplate() {
  const { origin, username, password } = new URL(process.env.CLICKHOUSE_URL);
  await fetch(origin, {
    method: 'POST',
    body: `DROP DATABASE IF EXISTS ${process.env.CLICKHOUSE_TEMPLATE} SYNC`,
    headers: {
      'X-ClickHouse-User': decodeURIComponent(username) || 'default',
      'X-ClickHouse-Key': decodeURIComponent(password),
    },
  });
}
