export { arrowBatches, arrowStream, arrowTable, type ArrowSource } from './arrow.js';
