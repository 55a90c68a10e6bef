/** Resolves after everything has run that does not wait for a timer. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
