export type { Bench, Result, Spread } from './bench.js';
export type { MachineDescription, Report } from './report.js';
