export { Backoff, type BackoffOptions } from './backoff.js';
export { closest, unknownKeyReason } from './did-you-mean.js';
export { onAbort, type AbortSource } from './on-abort.js';
