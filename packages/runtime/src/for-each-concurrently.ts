/** Runs an action for each item. After a failure no further one begins, and those in progress end before it is thrown. */
export async function forEachConcurrently<T>(
  items: readonly T[] | AsyncGenerator<T, void>,
  concurrency: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const rest = Array.isArray(items) ? (items as readonly T[]).values() : (items as AsyncGenerator<T, void>);
  let failed = false;
  const workers = Array.from({ length: concurrency }, async () => {
    for await (const item of rest) {
      if (failed) return;
      await action(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  });
  const failure = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failure) throw (failure as PromiseRejectedResult).reason;
}
