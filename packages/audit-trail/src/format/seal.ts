import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/*
 * A sealed text is one JSON object whose last member is the hash of the same text without that member:
 * {"a":1} becomes {"a":1,"hash":"<64 hex digits>"}. The bytes themselves are hashed, so nothing in them can change
 * unnoticed, not even a space.
 */
const opening = ',"hash":"';
const closing = '"}';
const hashDigits = 64;
const suffixLength = opening.length + hashDigits + closing.length;

/** Seals texts and checks seals: with SHA-256, or with HMAC-SHA-256 where there is a key. */
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
    return { text: `${body.slice(0, -1)}${opening}${hash}${closing}`, hash };
  }

  /** The object without its hash, and the hash; undefined when the seal is not right. */
  open(sealed: Buffer): { fields: Record<string, unknown>; hash: string } | undefined {
    if (sealed.length <= suffixLength) return undefined;
    const hash = sealed.toString('latin1', sealed.length - closing.length - hashDigits).slice(0, hashDigits);
    const suffix = Buffer.from(opening + hash + closing, 'latin1');
    if (!sealed.subarray(-suffixLength).equals(suffix) || !/^[0-9a-f]+$/.test(hash)) return undefined;
    const body = Buffer.concat([sealed.subarray(0, -suffixLength), Buffer.from('}')]);
    if (!timingSafeEqual(this.#digest(body), Buffer.from(hash, 'hex'))) return undefined;
    const fields = parseObject(body.toString());
    return fields && { fields, hash };
  }

  #digest(body: Buffer): Buffer {
    const hash = this.#key === undefined ? createHash('sha256') : createHmac('sha256', this.#key);
    return hash.update(body).digest();
  }
}

/** Undefined where the text is no JSON object, which without a key anybody can seal. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
