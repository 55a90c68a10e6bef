import type { Bench } from '../bench.js';
import type { BenchServer } from '../server.js';
import { arrow } from './arrow.js';
import { bulk } from './bulk.js';
import { byKey } from './by-key.js';
import type { ReadCase } from './case.js';
import { concurrent } from './concurrent.js';
import { day } from './day.js';
import { latest } from './latest.js';
import { mixed } from './mixed.js';
import { oneCall } from './one-call.js';
import { paging } from './paging.js';
import { FULL_SCALE, SMOKE_SCALE } from './scale.js';
import { streaming } from './streaming.js';
import { ReadTables } from './tables.js';
import { sized } from '../sized.js';

const CASES: Readonly<Record<string, ReadCase>> = {
  bulk,
  arrow,
  streaming,
  day,
  latest,
  concurrent,
  'one-call': oneCall,
  paging,
  mixed,
  'by-key': byKey,
};

/** Reads of bars, predictions and features through the data layer, against the official client with its default settings. */
export const read: Bench<BenchServer> = async function* (server, { case: only }) {
  const names = only === undefined ? Object.keys(CASES) : [only];
  const scale = sized(FULL_SCALE, SMOKE_SCALE);
  const tables = new ReadTables(server, scale);
  try {
    for (const name of names) {
      const readCase = CASES[name];
      if (!readCase) throw new Error(`no case ${name}, expected one of ${Object.keys(CASES).join(', ')}`);
      yield* readCase({ server, tables, scale });
    }
  } finally {
    await tables.close();
  }
};
