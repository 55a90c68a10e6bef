import os from 'node:os';
import type { Result, Spread } from './bench.js';

export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly engine: string;
}

export interface Report {
  readonly bench: string;
  readonly machine: MachineDescription;
  readonly results: readonly Result[];
}

export function thisMachine(engine: string): MachineDescription {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    engine,
  };
}

/** A result as lines of text: each side's min, median and max, and how much of a peer's figure ours is. */
export function inWords({ case: title, unit, ours, peers, ratios, note }: Result): string {
  const sides = [['ours', ours] as const, ...Object.entries(peers)];
  const width = Math.max(...sides.map(([name]) => name.length));
  const lines = sides.map(([name, figures]) => {
    const ratio = ratios?.[name];
    const compared = ratio ? `; ours / this: ${spreadInWords(ratio, 2)}` : '';
    return `  ${name.padEnd(width)}  ${figures ? spreadInWords(figures, 1) : 'not possible'}${compared}`;
  });
  return [`${title} (${unit})`, ...lines, ...(note ? [`  ${note}`] : [])].join('\n');
}

function spreadInWords({ min, median, max }: Spread, digits: number): string {
  const rounded = (figure: number) => figure.toLocaleString('en-US', { maximumFractionDigits: digits });
  if (min === max) return rounded(median);
  return `min ${rounded(min)}, median ${rounded(median)}, max ${rounded(max)}`;
}
