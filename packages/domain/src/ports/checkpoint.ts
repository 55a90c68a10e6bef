import type { CallOptions } from './call.js';

/** How far an ingestion has come; kept beside the data, so that it can never be ahead of it. */
export interface CheckpointRepository {
  /** The position saved last for this source, or 0. */
  load(sourceId: string, options?: CallOptions): Promise<number>;
  /** Remembers that everything before `position` is stored. A whole number, 0 or more. */
  save(sourceId: string, position: number, options?: CallOptions): Promise<void>;
}
