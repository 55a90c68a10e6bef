import { ValidationError } from './errors.js';

/** Throws `ValidationError` naming an option that is given and is not a whole number in the range. */
export function requireWholeNumber(
  name: string,
  value: unknown,
  operation: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new ValidationError(name, `must be a whole number ${range}`, { operation });
}

/** Throws `ValidationError` naming an option that is given and is none of the values. */
export function requireOneOf(
  name: string,
  value: unknown,
  values: readonly unknown[],
  operation: string,
): void {
  if (value === undefined || values.includes(value)) return;
  throw new ValidationError(name, `must be one of ${values.join(', ')}`, { operation });
}

/** Throws `ValidationError` naming an option that is given and is not of the type that `typeof` tells. */
export function requireType(
  name: string,
  value: unknown,
  type: 'string' | 'boolean' | 'function' | 'object',
  operation: string,
): void {
  if (value === undefined || (typeof value === type && value !== null)) return;
  throw new ValidationError(name, `must be ${type === 'object' ? 'an' : 'a'} ${type}`, { operation });
}

/** Throws `ValidationError` naming an option that is given and has no `now`. */
export function requireClock(name: string, clock: unknown, operation: string): void {
  if (clock === undefined) return;
  if (typeof (clock as { readonly now?: unknown } | null)?.now === 'function') return;
  throw new ValidationError(name, 'must be a clock with a function now', { operation });
}
