import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions, Result, Server } from './bench.js';
import { cache } from './cache/cache.js';
import { startRedisServer } from './cache/redis-server.js';
import { soak } from './cache/soak.js';
import { failover } from './failover/failover.js';
import { startBenchHosts } from './failover/hosts.js';
import { overhead } from './failover/overhead.js';
import { overload } from './failover/overload.js';
import { instrumentation } from './instrumentation/instrumentation.js';
import { read } from './read/read.js';
import type { Report } from './report.js';
import { inWords, thisMachine } from './report.js';
import { schema } from './schema/schema.js';
import { startBenchServer } from './server.js';
import { storage } from './storage/storage.js';
import { sustained } from './write/sustained.js';
import { write } from './write/write.js';

/** The servers that were started, by the function that started them. */
const servers = new Map<unknown, Server>();

/** A bench with its server. Benches of one command share those of one kind. */
function on<S extends Server>(start: () => Promise<S>, bench: Bench<S>) {
  return async (options: BenchOptions) => {
    const server = (servers.get(start) as S | undefined) ?? (await start());
    servers.set(start, server);
    return { server, results: bench(server, options) };
  };
}

const benches: Readonly<Record<string, ReturnType<typeof on>>> = {
  cache: on(startRedisServer, cache),
  'cache-soak': on(startRedisServer, soak),
  failover: on(startBenchHosts, failover),
  instrumentation: on(startBenchServer, instrumentation),
  overhead: on(startBenchHosts, overhead),
  overload: on(startBenchHosts, overload),
  read: on(startBenchServer, read),
  schema: on(startBenchServer, schema),
  storage: on(startBenchServer, storage),
  write: on(startBenchServer, write),
  'write-sustained': on(startBenchServer, sustained),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    case: { type: 'string' },
    // Read by `sized`.
    smoke: { type: 'boolean' },
  },
});
const chosen = positionals.map((name) => ({ name, run: benches[name] }));
const options: BenchOptions = {
  ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
  ...(values.rounds !== undefined && { rounds: Number(values.rounds) }),
  ...(values.case !== undefined && { case: values.case }),
};
const areValid = chosen.length > 0 && chosen.every(({ run }) => run !== undefined);
if (!areValid || !((options.seconds ?? 1) > 0) || !((options.rounds ?? 1) >= 1)) {
  console.error(
    `Usage: npm run bench -- NAME... [--json FILE] [--seconds N] [--rounds N] [--case NAME] [--smoke]\nNAME is one of: ${Object.keys(benches).join(', ')}`,
  );
  process.exit(2);
}

try {
  const reports: Report[] = [];
  for (const { name, run } of chosen) {
    const { server, results: measured } = await run!(options);
    const machine = thisMachine(server.engine);
    console.log(`${name}: ${Object.values(machine).join(' · ')}`);
    const results: Result[] = [];
    for await (const result of measured) {
      results.push(result);
      console.log(`\n${inWords(result)}`);
    }
    reports.push({ bench: name, machine, results });
  }
  const written = reports.length === 1 ? reports[0] : reports;
  if (values.json) await writeFile(values.json, `${JSON.stringify(written, null, 2)}\n`);
} finally {
  for (const server of servers.values()) await server.stop();
}
