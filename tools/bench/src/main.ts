import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions, Result, Server } from './bench.js';
import { cache } from './cache/cache.js';
import { startRedisServer } from './cache/redis-server.js';
import { soak } from './cache/soak.js';
import { failover } from './failover/failover.js';
import { startBenchHosts } from './failover/hosts.js';
import { overhead } from './failover/overhead.js';
import { read } from './read/read.js';
import type { Report } from './report.js';
import { inWords, thisMachine } from './report.js';
import { schema } from './schema/schema.js';
import { startBenchServer } from './server.js';
import { sustained } from './write/sustained.js';
import { write } from './write/write.js';

/** A bench with a server of its own. */
function on<S extends Server>(start: () => Promise<S>, bench: Bench<S>) {
  return async (options: BenchOptions) => {
    const server = await start();
    return { server, results: bench(server, options) };
  };
}

const benches: Readonly<Record<string, ReturnType<typeof on>>> = {
  cache: on(startRedisServer, cache),
  'cache-soak': on(startRedisServer, soak),
  failover: on(startBenchHosts, failover),
  overhead: on(startBenchHosts, overhead),
  read: on(startBenchServer, read),
  schema: on(startBenchServer, schema),
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
const name = positionals[0] ?? '';
const bench = benches[name];
const options: BenchOptions = {
  ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
  ...(values.rounds !== undefined && { rounds: Number(values.rounds) }),
  ...(values.case !== undefined && { case: values.case }),
};
if (!bench || positionals.length > 1 || !((options.seconds ?? 1) > 0) || !((options.rounds ?? 1) >= 1)) {
  console.error(
    `Usage: npm run bench -- NAME [--json FILE] [--seconds N] [--rounds N] [--case NAME] [--smoke]\nNAME is one of: ${Object.keys(benches).join(', ')}`,
  );
  process.exit(2);
}

const { server, results: measured } = await bench(options);
try {
  const machine = thisMachine(server.engine);
  console.log(Object.values(machine).join(' · '));
  const results: Result[] = [];
  for await (const result of measured) {
    results.push(result);
    console.log(`\n${inWords(result)}`);
  }
  const report: Report = { bench: name, machine, results };
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await server.stop();
}
