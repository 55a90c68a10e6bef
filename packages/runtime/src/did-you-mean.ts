const MAX_MISTAKES = 2;

/** Letters of a word for each typing mistake in it: "foo" is not "low". */
const LETTERS_PER_MISTAKE = 3;

/**
 * Returns the candidate that is closest to a word, or undefined. A candidate is close when it is at most two typing mistakes
 * away, and one for every three letters of the longer word.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const [best] = candidates
    .map((candidate) => ({ candidate, mistakes: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, mistakes }) => {
      const letters = Math.max(word.length, candidate.length);
      return mistakes <= Math.min(MAX_MISTAKES, Math.floor(letters / LETTERS_PER_MISTAKE));
    })
    .sort((a, b) => a.mistakes - b.mistakes);
  return best?.candidate;
}

/** Returns why a key is refused: the key that was probably meant, or else all known keys. */
export function unknownKeyReason(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  if (meant !== undefined) return `unknown key, did you mean "${meant}"?`;
  return known.length === 0 ? 'unknown key' : `unknown key, expected one of ${known.join(', ')}`;
}

/** Returns how many letters must be inserted, deleted, replaced or swapped to turn one word into the other. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_MISTAKES) return MAX_MISTAKES + 1;
  const rows = [Array.from({ length: to.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= from.length; i++) {
    const above = rows[i - 1]!;
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = above[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row[j] = Math.min(replaced, swapped, above[j]! + 1, row[j - 1]! + 1);
    }
    rows[i] = row;
  }
  return rows[from.length]![to.length]!;
}
