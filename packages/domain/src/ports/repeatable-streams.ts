type StreamMethod = (...args: never[]) => AsyncIterable<unknown>;

/** Returns a method whose streams begin anew each time they are iterated. */
export const repeatable = <M extends StreamMethod>(method: M): M =>
  ((...args: never[]) => ({
    [Symbol.asyncIterator]: () => method(...args)[Symbol.asyncIterator](),
  })) as M;

/** Returns a repository whose streams begin anew each time they are iterated. */
export const withRepeatableStreams = <R extends { stream: StreamMethod; streamColumns: StreamMethod }>(
  repository: R,
): R => ({
  ...repository,
  stream: repeatable(repository.stream),
  streamColumns: repeatable(repository.streamColumns),
});
