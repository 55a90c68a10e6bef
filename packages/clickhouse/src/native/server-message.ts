const MARKER = '\r\n__exception__\r\n';
/** How servers without the marker begin. */
const PLAIN = 'Code: ';

/**
 * Where the server's report of an error begins, or -1. Once rows are on their way the status is sent, so the report comes
 * in the body: `\r\n__exception__\r\n`, the tag of the answer's header, `\r\n`, the message, its length and the tag, and
 * the marker again; then the connection is cut. The tag is random, so no data can look like it.
 */
export function messageStart(
  bytes: Buffer,
  from: number,
  tag: string | undefined,
  atBlockStart: boolean,
): number {
  if (tag !== undefined)
    return bytes.indexOf(`${MARKER}${tag}`, Math.max(0, from - MARKER.length - tag.length), 'latin1');
  // Read as the head of a block, these would be columns with names that no table has.
  return atBlockStart && (startsWith(bytes, MARKER) || startsWith(bytes, PLAIN)) ? 0 : -1;
}

const startsWith = (bytes: Buffer, text: string): boolean =>
  bytes.latin1Slice(0, Math.min(text.length, bytes.length)) === text;

/** The report inside a block that was never finished, or undefined. */
export function messageIn(bytes: Buffer): string | undefined {
  const start = bytes.lastIndexOf(`${MARKER.slice(2)}`, bytes.length - 2 * MARKER.length, 'latin1');
  return start < 0 ? undefined : bytes.toString('utf8', start);
}
