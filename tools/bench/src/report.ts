import os from 'node:os';
import type { Result, Spread } from './bench.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly engine: string;
}

export interface Report {
  readonly bench: string;
  readonly machine: Machine;
  readonly results: readonly Result[];
}

export function thisMachine(engineVersion: string): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    engine: `ClickHouse ${engineVersion}`,
  };
}

/** A result as lines of text: each side's min, median and max. */
export function inWords(result: Result): string {
  const sides = [['ours', result.ours] as const, ...Object.entries(result.peers)];
  const width = Math.max(...sides.map(([name]) => name.length));
  const lines = sides.map(([name, figures]) => `  ${name.padEnd(width)}  ${figuresInWords(figures)}`);
  return [`${result.case} (${result.unit})`, ...lines, ...(result.note ? [`  ${result.note}`] : [])].join(
    '\n',
  );
}

function figuresInWords(figures: Spread | null): string {
  if (!figures) return 'not possible';
  const { min, median, max } = figures;
  if (min === max) return rounded(median);
  return `min ${rounded(min)}, median ${rounded(median)}, max ${rounded(max)}`;
}

const rounded = (figure: number) =>
  figure.toLocaleString('en-US', { maximumFractionDigits: Number.isInteger(figure) ? 0 : 1 });
