export type { Bench, Result, Spread } from './bench.js';
export type { Machine, Report } from './report.js';
