import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, Result } from './bench.js';
import { inWords, thisMachine } from './report.js';
import { schema } from './schema/schema.js';
import { startBenchServer } from './server.js';
import { sustained } from './write/sustained.js';
import { write } from './write/write.js';

const benches: Readonly<Record<string, Bench>> = { schema, write, 'write-sustained': sustained };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '60' } },
});
const name = positionals[0] ?? '';
const bench = benches[name];
const seconds = Number(values.seconds);
if (!bench || positionals.length > 1 || !(seconds > 0)) {
  console.error(
    `Usage: npm run bench -- NAME [--json FILE] [--seconds N]\nNAME is one of: ${Object.keys(benches).join(', ')}`,
  );
  process.exit(2);
}

const server = await startBenchServer();
try {
  const machine = thisMachine(server.version);
  console.log(Object.values(machine).join(' · '));
  const results: Result[] = [];
  for await (const result of bench(server, { seconds })) {
    results.push(result);
    console.log(`\n${inWords(result)}`);
  }
  if (values.json)
    await writeFile(values.json, `${JSON.stringify({ bench: name, machine, results }, null, 2)}\n`);
} finally {
  await server.stop();
}
