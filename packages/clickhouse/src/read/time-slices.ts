import type { CallOptions, RecordDefinition, SelectionPlan } from '@quantumtrade/dal-domain';
import { MAX_INSTANT, MIN_INSTANT } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { shortageOf } from '../query/plan-retry.js';
import type { TimeSlice } from '../query/time-slice.js';

const HOUR_MS = 3_600_000;
/** Lengths of the slices into which a slice is divided that is still too long. */
const STEPS_MS = [24 * HOUR_MS, HOUR_MS];

/** A range of time of one table, in the order in which it is read. */
export interface SlicedRange {
  readonly definition: RecordDefinition;
  readonly range: TimeSlice;
  /** Whether the latest slice comes first. */
  readonly descending: boolean;
  /** Returns the latest instant, at most the given one, at which a slice may begin. @default the instant itself */
  readonly align?: ((instant: number) => number) | undefined;
}

/** Returns the range of a selection; all instants where it has no bound. */
export const rangeOf = ({ start, end }: SelectionPlan): TimeSlice => ({
  first: start ?? MIN_INSTANT,
  last: end === undefined ? MAX_INSTANT : end - 1,
});

/** Returns a selection as it is read in slices, the earliest first. */
export const slicesOf = (selection: SelectionPlan): SlicedRange => ({
  definition: selection.definition,
  range: rangeOf(selection),
  descending: false,
});

interface Step extends TimeSlice {
  /** Number of {@link STEPS_MS} by which it was divided. */
  readonly level: number;
}

/**
 * Reads a range in slices, one after the other, until `read` returns true. Each instant of the range is in one slice, also those that
 * have no rows yet. A slice has the rows of one partition; when it is too long, it and those behind it are divided into days, then hours.
 */
export async function readSlices(
  sql: Sql,
  operation: string,
  { definition, range, descending, align = (instant) => instant }: SlicedRange,
  options: CallOptions,
  read: (slice: TimeSlice) => Promise<boolean>,
): Promise<void> {
  // The engine answers it from the bounds of the parts.
  const partitions = await sql.rows<TimeSlice>(
    operation,
    `SELECT toYYYYMM(timestamp) AS month, min(timestamp) AS first, max(timestamp) AS last
     FROM ${definition.table} GROUP BY month`,
    {},
    options,
  );
  const divide = (slice: TimeSlice, instants: Iterable<number>, level: number): Step[] => {
    const begins = new Set([slice.first]);
    for (const instant of instants) {
      const begin = align(instant);
      if (begin > slice.first && begin <= slice.last) begins.add(begin);
    }
    const firsts = [...begins].sort((a, b) => a - b);
    const slices = firsts.map((first, i) => ({ first, last: (firsts[i + 1] ?? slice.last + 1) - 1, level }));
    return descending ? slices.reverse() : slices;
  };
  const divideByStep = (slice: TimeSlice, level: number): Step[] =>
    divide(slice, stepsWithin(slice, partitions, STEPS_MS[level - 1]!), level);
  const [, ...later] = partitions.map(({ first }) => first).sort((a, b) => a - b);
  let waiting = divide(range, later, 0);
  let level = 0;
  for (let slice = waiting.shift(); slice; slice = waiting.shift()) {
    if (slice.level < level) {
      waiting = [...divideByStep(slice, slice.level + 1), ...waiting];
      continue;
    }
    try {
      if (await read(slice)) return;
    } catch (error) {
      if (!canDivide(error, options)) throw error;
      const smaller = STEPS_MS.map((_, i) => i + 1)
        .filter((each) => each > level)
        .map((each) => divideByStep(slice!, each))
        .find(({ length }) => length > 1);
      if (!smaller) throw error;
      level = smaller[0]!.level;
      waiting = [...smaller, ...waiting];
    }
  }
}

/** Returns whether a read may be divided after an error: it ran out of time or memory, and the call goes on. */
export const canDivide = (error: unknown, { signal, deadline = Infinity }: CallOptions): boolean =>
  shortageOf(error) !== undefined && !signal?.aborted && Date.now() < deadline;

/** Yields the multiples of a step at which a slice can be divided: those between the first and the last row of a partition. */
function* stepsWithin(slice: TimeSlice, partitions: readonly TimeSlice[], stepMs: number): Generator<number> {
  for (const partition of partitions) {
    const first = Math.max(slice.first, partition.first);
    const last = Math.min(slice.last, partition.last);
    for (let at = (Math.floor(first / stepMs) + 1) * stepMs; at <= last; at += stepMs) yield at;
  }
}
