import { SecretError } from './secret-source.js';

/** Returns a secret's text: the value itself, or the text of a key of the JSON object that the value is. Throws `SecretError`. */
export function textAt(value: string, key: string | undefined): string {
  const text = key === undefined ? value : fieldOf(objectIn(value), key);
  if (text === '')
    throw new SecretError(
      key === undefined ? 'the secret is empty' : `the value of the key "${key}" is empty`,
    );
  return text;
}

function objectIn(value: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // The parser's message quotes the value.
    throw new SecretError('the secret is not JSON, so that it has no keys');
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Readonly<Record<string, unknown>>;
  }
  throw new SecretError('the secret is JSON and no object, so that it has no keys');
}

function fieldOf(object: Readonly<Record<string, unknown>>, key: string): string {
  if (!Object.hasOwn(object, key)) throw new SecretError(`the secret has no key "${key}"`);
  const field = object[key];
  if (typeof field === 'string') return field;
  if (typeof field === 'number') return String(field);
  throw new SecretError(`the value of the key "${key}" is neither text nor a number`);
}
