/** Returns a generator of 32-bit numbers that are never negative (xorshift), the same for the same seed. */
export function sequence(seed: number): () => number {
  let x = Math.imul(seed, 0x9e3779b9) || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** Puts items in an order of its own, another one each time. */
export function shuffler(seed: number): <T>(items: readonly T[]) => T[] {
  const next = sequence(seed);
  return (items) => {
    const places = items.map((item) => ({ item, at: next() }));
    return places.toSorted((a, b) => a.at - b.at).map(({ item }) => item);
  };
}
