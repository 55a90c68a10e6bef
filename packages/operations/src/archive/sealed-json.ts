import { createHash } from 'node:crypto';
import { damaged } from './segment.js';

/** Returns a value as JSON with the SHA-256 of its text in front, so that every changed byte is found. */
export function sealJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value, undefined, 2);
  return Buffer.from(`${hashOf(text)}\n${text}\n`);
}

/** Returns the value of an object of {@link sealJson}. Throws `ValidationError` naming the key when it was changed. */
export function unsealJson<T>(key: string, object: Uint8Array): T {
  const whole = Buffer.from(object).toString('latin1');
  const text = Buffer.from(whole.slice(65, -1), 'latin1').toString();
  if (`${hashOf(text)}\n` !== whole.slice(0, 65) || whole.at(-1) !== '\n') {
    throw damaged(key, 'is damaged: its SHA-256 differs');
  }
  return JSON.parse(text) as T;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
