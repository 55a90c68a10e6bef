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

/**
 * Returns how many letters must be inserted, deleted, replaced or swapped to turn one word into the other, or a greater number where they are
 * more than {@link MAX_MISTAKES}.
 */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_MISTAKES) return Infinity;
  let common = 0;
  while (common < from.length && from[common] === to[common]) common++;
  return distanceOf(from.slice(common), to.slice(common));
}

/** Compares prefixes whose lengths differ by no more than the mistakes that may be: the others are further apart. */
function distanceOf(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: MAX_MISTAKES + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row: number[] = [];
    let fewest = Infinity;
    const last = Math.min(to.length, i + MAX_MISTAKES);
    for (let j = Math.max(0, i - MAX_MISTAKES); j <= last; j++) {
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const mistakes = Math.min(
        at(above, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1),
        isSwapped ? at(before, j - 2) + 1 : Infinity,
        at(above, j) + 1,
        at(row, j - 1) + 1,
      );
      row[j] = mistakes;
      fewest = Math.min(fewest, mistakes);
    }
    if (fewest > MAX_MISTAKES) return Infinity;
    before = above;
    above = row;
  }
  return at(above, to.length);
}

const at = (row: readonly number[], place: number): number => row[place] ?? Infinity;
