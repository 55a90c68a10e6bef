import { boundInstant } from '../codec/kinds.js';
import type { SqlParams } from '../connection/sql.js';

/** Instants from the first to the last one, both included (epoch milliseconds). */
export interface TimeSlice {
  readonly first: number;
  readonly last: number;
}

/** Condition that a row is in the slice of the parameters {@link boundSlice}. */
export const SLICE_CONDITION = `timestamp >= ${boundInstant('sliceFirst')} AND timestamp <= ${boundInstant('sliceLast')}`;

export const boundSlice = ({ first, last }: TimeSlice): SqlParams => ({ sliceFirst: first, sliceLast: last });
