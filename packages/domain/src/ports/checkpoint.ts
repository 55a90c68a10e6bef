import type { CallOptions } from './call.js';

/** Positions of ingestions, stored beside the data so that a position is never ahead of it. */
export interface CheckpointRepository {
  /** Returns the position saved last for this source, or 0. */
  load(sourceId: string, options?: CallOptions): Promise<number>;
  /** Saves that everything before `position` is stored. `position` is a whole number, 0 or more. */
  save(sourceId: string, position: number, options?: CallOptions): Promise<void>;
}
