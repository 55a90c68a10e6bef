import type { ServerErrorTraits } from './server-error-table.js';
import { SERVER_ERROR_CLASSES, SERVER_ERRORS } from './server-error-table.js';

/** Longest error message of a server; anything longer is something else. */
export const MAX_REPORT_BYTES = 65_536;

/** Traits of an error without a row. */
const UNKNOWN: ServerErrorTraits = { why: 'Any other error: the query fails for good.' };

const byCode = new Map<number, [name: string, traits: ServerErrorTraits]>(
  Object.entries(SERVER_ERRORS).map(([name, [code, errorClass, more]]) => [
    code,
    [name, { ...SERVER_ERROR_CLASSES[errorClass], ...more }],
  ]),
);

/** Error that a ClickHouse server reports. Its message may repeat values of the query. */
export class ServerError extends Error {
  readonly code: number;
  /** Name of the code; undefined for a code without an entry in {@link SERVER_ERRORS} from a server that sends no names. */
  readonly type: string | undefined;
  readonly traits: ServerErrorTraits;

  constructor(code: number, message: string, type?: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    const [name, traits] = byCode.get(code) ?? [undefined, UNKNOWN];
    this.type = type ?? name;
    this.traits = traits;
  }
}

/** Returns the error that a text of the server reports; undefined for any other text. */
export function parseReport(text: string, codeOfHead?: string): ServerError | undefined {
  const found = /Code: (\d+)[\s\S]{0,200}?Exception: ([\s\S]*)/.exec(text);
  const code = codeOfHead ?? found?.[1];
  if (code === undefined || !/^\d+$/.test(code)) return undefined;
  const message = found?.[2] ?? '';
  // The name is in capitals and in parentheses; the first is that of the error itself, later ones are of what wraps it.
  return new ServerError(Number(code), message, /\(([A-Z][A-Z0-9_]{2,})\)/.exec(message)?.[1]);
}
