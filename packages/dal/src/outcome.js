import { isDatabaseError } from '@quantumtrade/dal-domain';
/** Returns the code of an error of the data layer, else `FAILED`, for audit entries and metrics. */
export const outcomeOf = (error) => (isDatabaseError(error) ? error.code : 'FAILED');
