import type { Result } from '../bench.js';
import type { BenchServer } from '../server.js';
import type { ReadScale } from './scale.js';
import type { ReadTables } from './tables.js';

/** Server, tables and sizes of a case. */
export interface ReadContext {
  readonly server: BenchServer;
  readonly tables: ReadTables;
  readonly scale: ReadScale;
}

/** Yields the results of one case. Every case can run alone. */
export type ReadCase = (context: ReadContext) => AsyncGenerator<Result>;
