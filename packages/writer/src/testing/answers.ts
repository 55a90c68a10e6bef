import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';

export const operation = 'marketData.insert';
export const unavailable = new ConnectionError('away', { operation });
export const refused = new QueryError('INSERT', 'no such column', { operation });

/** Returns an answer that is always this error. */
export const failsWith = (error: Error) => () => Promise.reject(error);
/** Answer that never comes. */
export const hangs = () => new Promise<never>(() => undefined);
