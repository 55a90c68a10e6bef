import { closest } from '@quantumtrade/dal-runtime';

const MAX_LENGTH = 40;

/** Words of two letters or more, in snake case or camel case. */
const words = /^_*[A-Za-z]?[a-z]+(?:_+[a-z]{2,}|[A-Z][a-z]{2,})*(?:Ms|Id)?_*$/;

/**
 * Returns an unknown key as an error may show it. A key that is neither made of words nor similar to a known key may be a
 * misplaced secret, and is hidden.
 */
export const shownKey = (key: string, known: readonly string[]): string =>
  (key.length <= MAX_LENGTH && words.test(key)) || closest(key, known) !== undefined ? key : '[hidden]';
