import { randomUUID } from 'node:crypto';
import type { SqlParams } from './sql.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
};

const FLOATS: Readonly<Record<string, string>> = { NaN: 'nan', Infinity: '+inf', '-Infinity': '-inf' };

const escaped = (text: string): string => text.replace(/[\t\n\r'\\]/g, (char) => ESCAPES[char]!);

/** The request's parameters by name, `param_symbol` for `{symbol:String}`, as ClickHouse reads them. */
export function formattedParams(params: SqlParams = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [`param_${name}`, formatted(value)]),
  );
}

function formatted(value: unknown): string {
  if (typeof value === 'string') return escaped(value);
  if (Array.isArray(value)) return `[${value.map(formattedItem).join(',')}]`;
  if (typeof value === 'number' && !Number.isFinite(value)) return FLOATS[String(value)]!;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new TypeError(`a ${typeof value} cannot be bound`);
}

const formattedItem = (value: unknown): string =>
  typeof value === 'string' ? `'${escaped(value)}'` : formatted(value);

/** A form for what is too long for a URL. No value can end its part: the boundary is random. */
export function multipart(parts: Readonly<Record<string, string>>): {
  readonly body: string;
  readonly headers: Record<string, string>;
} {
  const boundary = `----${randomUUID()}`;
  const texts = Object.entries(parts).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    body: `${texts.join('')}--${boundary}--`,
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  };
}
