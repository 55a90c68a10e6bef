import { UsageError } from '../exit-codes.js';
import type { Columns } from './columns.js';
import type { DateFormat } from './date-format.js';
import { ambiguousDigits, dateAndTimeReader, instantReader } from './instants.js';
import { zoneReader, type AmbiguousChoice } from './zones.js';

export interface TimestampOptions {
  timezone: string;
  ambiguous?: AmbiguousChoice | undefined;
  dateFormat?: DateFormat | undefined;
  onLocal: () => void;
}

/**
 * Reads the timestamp of a row from one column or two.
 * @throws {UsageError} when every value of the sample may be a date in digits and an epoch value as well
 */
export function timestampReader(
  sample: readonly (readonly string[])[],
  { timestamp, time }: Columns,
  { timezone, ambiguous, dateFormat, onLocal }: TimestampOptions,
): (cells: readonly string[]) => number | string {
  const options = { zone: zoneReader(timezone, ambiguous), format: dateFormat, ambiguous, onLocal };
  const column = timestamp!;
  if (time !== undefined) {
    const read = dateAndTimeReader(options);
    return (cells) => read(cells[column]!, cells[time]!);
  }
  const digits = dateFormat ? undefined : ambiguousDigits(sample.map((cells) => cells[column] ?? ''));
  if (digits !== undefined) {
    throw new UsageError(
      `The timestamps may be dates or epoch values: say --date-format ${digits}, or epoch-s and the like.`,
    );
  }
  const read = instantReader(options);
  return (cells) => read(cells[column]!);
}
