export { bars, MONTH_MS, storedSymbols } from './bars.js';
export { buildOutput, buildRow, type RowInput } from './build-row.js';
