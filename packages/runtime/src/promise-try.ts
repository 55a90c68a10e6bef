/** Calls a function. An error that it throws rejects the returned promise. */
export function promiseTry<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
