import { recordNames, records } from '@quantumtrade/dal-domain';
import type { TypedRoutes } from '../http/typed-routes.js';
import { addReads } from './reads.js';
import type { RecordRouteParts } from './record-route.js';
import { addStream } from './streams.js';
import { addWrite } from './writes.js';

/** Adds the routes of every record of the registry under `/v1/records/<name>`. */
export function addRecordRoutes(app: TypedRoutes, parts: RecordRouteParts): void {
  for (const name of recordNames) {
    const record = { ...parts, name, definition: records[name], url: `/v1/records/${name}` };
    addReads(app, record);
    addStream(app, record);
    addWrite(app, record);
  }
}
