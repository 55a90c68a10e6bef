import { ConnectionError } from '@quantumtrade/dal-domain';
import { errorCode } from '@quantumtrade/dal-runtime/fs';
import type { ToDatabaseError } from '../store-calls.js';
import { requestRefused, storeFull } from '../store-errors.js';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const CONFLICT = new Set(['ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Returns the error of the data layer for a failed operation of a file system. */
export const directoryError: ToDatabaseError = (failure, details) => {
  const code = errorCode(failure) ?? 'unknown error';
  if (FULL.has(code)) return storeFull(code, details);
  if (CONFLICT.has(code))
    return requestRefused(`the key is the folder of another object, or below one (${code})`, details);
  if (FORBIDDEN.has(code)) {
    return new ConnectionError(`this process may not use the directory (${code})`, {
      ...details,
      retryable: false,
    });
  }
  return new ConnectionError(`the directory failed (${code})`, details);
};
