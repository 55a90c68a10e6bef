import { randomUUID } from 'node:crypto';
import type { SqlParams } from '../sql.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
};

/** Returns bound values as parameters of a request: `param_symbol` for `{symbol:String}`. */
export function toRequestParams(params: SqlParams): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in params) texts[`param_${name}`] = toText(params[name], false);
  return texts;
}

/** Returns a value in ClickHouse's escaped text format; strings inside arrays are quoted. */
function toText(value: unknown, isQuoted: boolean): string {
  switch (typeof value) {
    case 'string': {
      const escaped = value.replace(/[\t\n\r'\\]/g, (char) => ESCAPES[char]!);
      return isQuoted ? `'${escaped}'` : escaped;
    }
    case 'bigint':
      return String(value);
    case 'number':
      if (Number.isFinite(value)) return String(value);
      if (Number.isNaN(value)) return 'nan';
      return value > 0 ? '+inf' : '-inf';
    default:
      if (Array.isArray(value)) return `[${value.map((item) => toText(item, true)).join(',')}]`;
      throw new TypeError(`a ${typeof value} cannot be bound`);
  }
}

/** Returns a form that carries what is too long for a URL. Its boundary is random, so that no value can end its part. */
export function multipart(parts: Readonly<Record<string, string>>): { body: string; contentType: string } {
  const boundary = `----${randomUUID()}`;
  const texts = Object.entries(parts).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    body: `${texts.join('')}--${boundary}--`,
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}
