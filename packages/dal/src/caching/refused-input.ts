import { isDatabaseError } from '@quantumtrade/dal-domain';

/** Whether a write failed because its input was wrong: then nothing of it was sent. */
export const isRefusedInput = (error: unknown): boolean =>
  isDatabaseError(error) && error.code === 'VALIDATION';
