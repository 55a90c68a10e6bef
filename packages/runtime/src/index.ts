export { closest, unknownKeyReason } from './did-you-mean.js';
