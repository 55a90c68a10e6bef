/** Work done a little at a time, so that others get their turn between two steps. */
export type Steps<T> = Generator<void, T, void>;

/** Takes all steps at once. */
export function lastOf<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
