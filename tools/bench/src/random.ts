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

export const symbolNames = (count: number): string[] => Array.from({ length: count }, (_, n) => `SYM${n}`);

/** So many of these, at random, each as likely as any other. */
export function anyOf<T>(things: readonly T[], count: number, seed = 1): T[] {
  const random = sequence(seed);
  return Array.from({ length: count }, () => things[random() % things.length]!);
}

/** So many of these by Zipf's law with an exponent of 1: the second half as often as the first, the third a third. */
export function zipf<T>(things: readonly T[], count: number, seed = 1): T[] {
  const random = sequence(seed);
  const sums = new Float64Array(things.length);
  let sum = 0;
  for (let i = 0; i < sums.length; i++) sums[i] = sum += 1 / (i + 1);
  const rankOf = (mark: number) => {
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! <= mark) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Array.from({ length: count }, () => things[rankOf((random() / 2 ** 32) * sum)]!);
}

/** Cut into pieces of one length, a shorter one at the end. */
export function slices<T>(things: readonly T[], length: number): T[][] {
  const count = Math.ceil(things.length / length);
  return Array.from({ length: count }, (_, n) => things.slice(n * length, (n + 1) * length));
}
