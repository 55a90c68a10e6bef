import { InvalidArgumentError } from 'commander';
import { readInstant } from './ingest/instants.js';

/** Returns the epoch milliseconds of an argument. */
export function instantArgument(text: string): number {
  const value = readInstant(text, Infinity);
  if (typeof value === 'string')
    throw new InvalidArgumentError(
      `It ${value.replace(/say what it means with .*/, 'write it as 2008-10-01')}.`,
    );
  return value;
}
