/** Expectations of a call on the server's reply, and its needs. */
export interface ReplyExpectation {
  /** Whether a value is a valid reply to the call. */
  isReply?(value: unknown): boolean;
  /** Time that the call has unless it sets a deadline. @default 1 (budgets of a call) */
  readonly budgets?: number;
  /** Length of the values that the call sends. @default 0 (bytes) */
  readonly bytes?: number;
}

/** Expectation of a call that only the command timeout limits, unless its caller sets a deadline. */
export const UNLIMITED_BUDGET: ReplyExpectation = { budgets: Infinity };

export const isNumber = (value: unknown): boolean => typeof value === 'number';
export const isText = (value: unknown): boolean => typeof value === 'string';
export const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

/** Whether a value is a list of such items, and of the given length if there is one. */
export const isListOf = (value: unknown, isItem: (item: unknown) => boolean, length?: number): boolean =>
  Array.isArray(value) && (length === undefined || value.length === length) && value.every(isItem);

/** Whether a value is a list with one item of each kind, in this order. */
export const isTuple = (value: unknown, ...kinds: readonly ((item: unknown) => boolean)[]): boolean =>
  Array.isArray(value) && value.length === kinds.length && kinds.every((isKind, i) => isKind(value[i]));
