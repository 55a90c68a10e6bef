import { ConfigError } from './config-error.js';

/** Returns the error that a call throws. */
export function problemOf(call: () => unknown): ConfigError {
  try {
    call();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError, none was thrown');
}
