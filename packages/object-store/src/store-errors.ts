import { QueryError } from '@quantumtrade/dal-domain';
import type { CallDetails } from './store-calls.js';

/** Returns the error of a request that the store refuses. */
export const requestRefused = (reason: string, details: CallDetails): QueryError =>
  new QueryError(details.operation, reason, details);

/** Returns the error of a store without space. */
export const storeFull = (code: string, details: CallDetails): QueryError =>
  new QueryError(details.operation, `the object store is full (${code})`, {
    ...details,
    kind: 'STORE_FULL',
    retryable: true,
  });

/** Returns the error of an object that is not there. */
export const objectMissing = (key: string, details: CallDetails): QueryError =>
  requestRefused(`the object ${key} is missing`, details);

/** Returns the error of a locked object. */
export const objectLocked = (key: string, until: Date | undefined, details: CallDetails): QueryError => {
  const end = until ? ` until ${until.toISOString()}` : '';
  return new QueryError(details.operation, `the object ${key} is locked${end}`, {
    ...details,
    kind: 'OBJECT_LOCKED',
  });
};

/** Returns the error of an object whose bytes have changed. */
export const objectDamaged = (key: string, details: CallDetails): QueryError =>
  new QueryError(details.operation, `the object ${key} is damaged: its bytes do not match their checksum`, {
    ...details,
    kind: 'OBJECT_DAMAGED',
  });
