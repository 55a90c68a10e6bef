export { EXIT, type ExitCode } from './exit-codes.js';
export type { Io } from './output.js';
export { run } from './run.js';
