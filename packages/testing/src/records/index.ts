export { buildOutput, buildRow, type RowInput } from './build-row.js';
