import type { SchemaLoss } from '@quantumtrade/dal-domain';
import { InvalidArgumentError } from 'commander';
import { bytes, count } from '../output.js';

/** Parses a version of the schema. */
export function versionArgument(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

export const describeLoss = ({ object, change, rows, bytes: size }: SchemaLoss): string =>
  `  ${object} ${change}: ${count(rows)} rows${size === undefined ? '' : `, ${bytes(size)}`}`;
