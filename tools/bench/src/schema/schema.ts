import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { Bench } from '../bench.js';
import { elapsed, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { costOfFinal } from './final.js';
import { insertsByPartition } from './inserts.js';
import { predictionById } from './prediction-by-id.js';
import { rowsKept } from './rows-kept.js';
import { SPECIFICATION_DDL } from './specification-ddl.js';
import { unmergedInserts } from './unmerged-inserts.js';
import { sized } from '../sized.js';

const ROUNDS = sized(15, 1);

/** Our tables, in the database `ours`, against the specification's, in `specification`, on one server. */
export const schema: Bench<BenchServer> = async function* (server, options) {
  const backend = connectClickHouse({ ...server.settings, database: 'ours' });
  const { schema } = backend;
  await schema.initialize();
  yield await pairedRounds({ case: 'initialize with nothing to do', unit: 'ms' }, ROUNDS, {
    ours: () => elapsed(() => schema.initialize()),
  });
  yield await pairedRounds({ case: 'validate', unit: 'ms' }, ROUNDS, {
    ours: () => elapsed(() => schema.validate()),
  });
  await backend.probe.close();
  await server.run('CREATE DATABASE specification');
  for (const statement of SPECIFICATION_DDL) await server.run(statement);
  yield* insertsByPartition(server, options);
  yield* rowsKept(server, options);
  yield* predictionById(server, options);
  yield* costOfFinal(server, options);
  yield* unmergedInserts(server, options);
};
