import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { RecordDefinition, RecordName, TimeSource } from '@quantumtrade/dal-domain';
import type { BufferedWrite } from './repository.js';

/** Parts of the routes of records. */
export interface RecordRouteParts {
  readonly database: DatabaseAbstraction;
  readonly clock: TimeSource;
  readonly streamTimeoutMs: number;
  readonly writeBuffered: BufferedWrite;
}

/** Place of the routes of one record. */
export interface RecordRoute extends RecordRouteParts {
  readonly name: RecordName;
  readonly definition: RecordDefinition;
  readonly url: string;
}
