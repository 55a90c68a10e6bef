/** What is expected of the server's answer to a call. */
export interface Expected {
  /** Whether the server may have meant this. */
  isAnswer?(answer: unknown): boolean;
  /** How many calls' budgets the call has, unless it has a deadline. Default is 1. */
  readonly budgets?: number;
}

export const isNumber = (answer: unknown): boolean => typeof answer === 'number';
export const isText = (answer: unknown): boolean => typeof answer === 'string';
export const isTextOrNothing = (answer: unknown): boolean => answer === null || isText(answer);

/** Whether an answer is a list of such items, and of so many of them if it is said how many. */
export const isListOf = (answer: unknown, isItem: (item: unknown) => boolean, length?: number): boolean =>
  Array.isArray(answer) && (length === undefined || answer.length === length) && answer.every(isItem);

/** Whether an answer is a list with one item of each kind, in their order. */
export const isTuple = (answer: unknown, ...kinds: readonly ((item: unknown) => boolean)[]): boolean =>
  Array.isArray(answer) && answer.length === kinds.length && kinds.every((isKind, i) => isKind(answer[i]));
