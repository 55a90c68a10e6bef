const MAX_MISTAKES = 2;

/** Returns the candidate that is closest to a word, at most two typing mistakes away, or undefined. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const [best] = candidates
    .map((candidate) => ({ candidate, mistakes: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, mistakes }) => mistakes <= Math.min(MAX_MISTAKES, candidate.length - 1))
    .sort((a, b) => a.mistakes - b.mistakes);
  return best?.candidate;
}

/** Returns why a key is refused: the key that was probably meant, or else all known keys. */
export function unknownKeyReason(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  if (meant !== undefined) return `unknown key, did you mean "${meant}"?`;
  return known.length === 0 ? 'unknown key' : `unknown key, expected one of ${known.join(', ')}`;
}

/** Returns how many letters must be inserted, deleted or replaced to turn one word into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_MISTAKES) return MAX_MISTAKES + 1;
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, row[j]! + 1, next[j - 1]! + 1);
    }
    row = next;
  }
  return row[to.length]!;
}
