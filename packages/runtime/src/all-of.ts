/** Waits for all results, and then throws the first failure: nothing is in progress any more when the caller goes on. */
export async function allOf<T>(results: readonly Promise<T>[]): Promise<T[]> {
  return (await Promise.allSettled(results)).map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
