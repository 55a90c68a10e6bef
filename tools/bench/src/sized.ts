const isSmoke = process.argv.includes('--smoke');

/**
 * Returns a size of the full benches; with `--smoke` on the command line the small one, for runs of seconds that show whether each case
 * works. Titles of cases name the full sizes.
 */
export const sized = <T>(full: T, smoke: T): T => (isSmoke ? smoke : full);
