import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/*
 * A sealed text is one JSON object whose last member is the hash of the same text without that member:
 * {"a":1} becomes {"a":1,"hash":"<64 hex digits>"}. The hash covers the bytes themselves, including white space.
 */
const OPENING = ',"hash":"';
const CLOSING = '"}';
const HASH_DIGITS = 64;
const SUFFIX_LENGTH = OPENING.length + HASH_DIGITS + CLOSING.length;

/** Seals texts and checks seals with SHA-256, or HMAC-SHA-256 with a key. */
export class Sealer {
  readonly #key: string | undefined;

  constructor(key?: string) {
    this.#key = key || undefined;
  }

  get keyed(): boolean {
    return this.#key !== undefined;
  }

  seal(fields: object): { text: string; hash: string } {
    const body = JSON.stringify(fields, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    const hash = this.#digest(Buffer.from(body)).toString('hex');
    return { text: `${body.slice(0, -1)}${OPENING}${hash}${CLOSING}`, hash };
  }

  /** Returns the sealed object without its hash, and the hash. Returns undefined when the seal is wrong. */
  open(sealed: Buffer): { fields: Record<string, unknown>; hash: string } | undefined {
    if (sealed.length <= SUFFIX_LENGTH) return undefined;
    const hash = sealed
      .toString('latin1', sealed.length - CLOSING.length - HASH_DIGITS)
      .slice(0, HASH_DIGITS);
    const suffix = Buffer.from(OPENING + hash + CLOSING, 'latin1');
    if (!sealed.subarray(-SUFFIX_LENGTH).equals(suffix) || !/^[0-9a-f]+$/.test(hash)) return undefined;
    const body = Buffer.concat([sealed.subarray(0, -SUFFIX_LENGTH), Buffer.from('}')]);
    if (!timingSafeEqual(this.#digest(body), Buffer.from(hash, 'hex'))) return undefined;
    const fields = parseObject(body.toString());
    return fields && { fields, hash };
  }

  #digest(body: Buffer): Buffer {
    const hash = this.#key === undefined ? createHash('sha256') : createHmac('sha256', this.#key);
    return hash.update(body).digest();
  }
}

/** Parses a JSON object. Returns undefined for other texts, which anybody can seal without a key. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
