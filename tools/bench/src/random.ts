/** The same numbers for the same seed: xorshift, 32 bits, never negative. */
export function sequence(seed: number): () => number {
  let x = Math.imul(seed, 0x9e3779b9) || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}
