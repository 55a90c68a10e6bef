import { AUTHENTICATION_FAILED, refusalMessage } from './login.js';

/** The engine takes addresses of 1 MiB; the rest is for header fields. */
const MAX_HEAD_BYTES = 1_310_720;
const MAX_LINE_LENGTH = 256;
const END_OF_HEAD = '\r\n\r\n';
const LINE_FEED = 10;

const REQUEST_LINE = /^(GET|HEAD|POST) (\/[!-~]*) HTTP\/1\.1$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)$/;
const CONTENT_LENGTH = /^\d{1,15}$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(;[\t -~]*)?\r\n$/;

/** @typedef {import('./login.js').Login} Login */
/** @typedef {import('./relay.js').Guard} Guard */
/** @typedef {{ target: string, headers: Map<string, string>, hasBody: boolean }} Head */

/** Request that is kept from the engine, with the answer to the client. */
class RefusedRequestError extends Error {
  /** @param {string} status @param {string} message @param {string} [header] */
  constructor(status, message, header = '') {
    super(message);
    this.answer = Buffer.from(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=UTF-8\r\n${header}Connection: close\r\n` +
        `Content-Length: ${Buffer.byteLength(message) + 1}\r\n\r\n${message}\n`,
    );
  }
}

const malformed = (/** @type {string} */ reason) =>
  new RefusedRequestError('400 Bad Request', `The request is malformed: ${reason}.`);

/**
 * Checks the requests of one connection: each needs a complete, well-formed head and the owner's login. Follows the framing
 * of their bodies to find the next head; bodies are passed on without a copy.
 * @implements {Guard}
 */
export class HttpGuard {
  #login;
  /** @type {'head' | 'body' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer'} */
  #state = 'head';
  /** Beginning of an incomplete head. */
  #partialHead = new GrowingBuffer();
  /** Beginning of an incomplete line between chunks. */
  #partialLine = '';
  /** Missing bytes of the body or the chunk. */
  #remaining = 0;

  /** @param {Login} login */
  constructor(login) {
    this.#login = login;
  }

  get heldBytes() {
    return this.#partialHead.length;
  }

  /** @param {Buffer} bytes */
  take(bytes) {
    /** @type {Buffer[]} */
    const forward = [];
    let from = 0;
    let at = 0;
    try {
      while (at < bytes.length) {
        if (this.#state !== 'head') {
          at = this.#passBody(bytes, at);
          continue;
        }
        const end = this.#partialHead.length === 0 ? bytes.indexOf(END_OF_HEAD, at) : -1;
        if (end >= 0) {
          this.#startRequest(bytes.subarray(at, end + END_OF_HEAD.length));
          at = end + END_OF_HEAD.length;
          continue;
        }
        if (at > from) forward.push(bytes.subarray(from, at));
        from = at = this.#collectHead(bytes, at, forward);
      }
    } catch (error) {
      if (!(error instanceof RefusedRequestError)) throw error;
      if (at > from) forward.push(bytes.subarray(from, at));
      // In the middle of a body the engine itself answers that it was cut.
      return { forward, refusal: this.#state === 'head' ? error.answer : Buffer.alloc(0) };
    }
    if (at > from) forward.push(bytes.subarray(from, at));
    return { forward };
  }

  /**
   * Adds to an incomplete head. Returns the position of the next byte to parse.
   * @param {Buffer} bytes @param {number} at @param {Buffer[]} forward
   */
  #collectHead(bytes, at, forward) {
    const before = this.#partialHead.length;
    this.#partialHead.append(bytes.subarray(at));
    const head = this.#partialHead.upTo(END_OF_HEAD, before - END_OF_HEAD.length + 1);
    if (head === undefined) {
      if (this.#partialHead.length > MAX_HEAD_BYTES) {
        throw new RefusedRequestError(
          '431 Request Header Fields Too Large',
          'The request head is too large.',
        );
      }
      return bytes.length;
    }
    this.#partialHead = new GrowingBuffer();
    this.#startRequest(head);
    forward.push(head);
    return at + head.length - before;
  }

  /** @param {Buffer} bytes of a whole head */
  #startRequest(bytes) {
    if (bytes.length > MAX_HEAD_BYTES) {
      throw new RefusedRequestError('431 Request Header Fields Too Large', 'The request head is too large.');
    }
    const head = parseHead(bytes);
    this.#requireLogin(head);
    const coding = head.headers.get('transfer-encoding');
    const length = head.headers.get('content-length');
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw malformed('the transfer coding is not chunked');
      if (length !== undefined) throw malformed('it has two lengths');
      this.#state = 'chunkSize';
    } else if (length !== undefined) {
      if (!CONTENT_LENGTH.test(length)) throw malformed('Content-Length is not a number');
      this.#remaining = Number(length);
      if (this.#remaining > 0) this.#state = 'body';
    } else if (head.hasBody) {
      throw new RefusedRequestError('411 Length Required', 'The request has neither a length nor chunks.');
    }
  }

  /** @param {Head} head */
  #requireLogin({ target, headers }) {
    const query = new URLSearchParams(target.includes('?') ? target.slice(target.indexOf('?')) : '');
    const basic = /^Basic +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    const [, basicUser, basicPassword] =
      /^([^:]*):(.*)$/s.exec(basic === undefined ? '' : Buffer.from(basic, 'base64').toString()) ?? [];
    const username = utf8(headers.get('x-clickhouse-user')) ?? basicUser ?? query.get('user') ?? 'default';
    const password = utf8(headers.get('x-clickhouse-key')) ?? basicPassword ?? query.get('password') ?? '';
    if (this.#login.accepts(username, password)) return;
    throw new RefusedRequestError(
      '403 Forbidden',
      `Code: ${AUTHENTICATION_FAILED}. DB::Exception: ${refusalMessage(username)} (AUTHENTICATION_FAILED)`,
      `X-ClickHouse-Exception-Code: ${AUTHENTICATION_FAILED}\r\n`,
    );
  }

  /**
   * Passes a body on. Returns the position of the next byte to parse.
   * @param {Buffer} bytes @param {number} at
   */
  #passBody(bytes, at) {
    if (this.#state === 'body' || this.#state === 'chunk') {
      const taken = Math.min(this.#remaining, bytes.length - at);
      this.#remaining -= taken;
      if (this.#remaining === 0) this.#state = this.#state === 'body' ? 'head' : 'chunkEnd';
      return at + taken;
    }
    const end = bytes.indexOf(LINE_FEED, at) + 1 || bytes.length;
    this.#partialLine += bytes.toString('latin1', at, end);
    if (this.#partialLine.length > MAX_LINE_LENGTH) throw malformed('a line between chunks is too long');
    if (this.#partialLine.endsWith('\n')) {
      this.#endLine(this.#partialLine);
      this.#partialLine = '';
    }
    return end;
  }

  /** @param {string} line */
  #endLine(line) {
    if (this.#state === 'chunkSize') {
      const size = CHUNK_SIZE.exec(line)?.[1];
      if (size === undefined) throw malformed('a chunk has no size');
      this.#remaining = parseInt(size, 16);
      this.#state = this.#remaining === 0 ? 'trailer' : 'chunk';
    } else if (this.#state === 'chunkEnd') {
      if (line !== '\r\n') throw malformed('a chunk is longer than its size');
      this.#state = 'chunkSize';
    } else if (line === '\r\n') {
      this.#state = 'head';
    }
  }
}

/** @param {string | undefined} value of a header field, one character a byte */
const utf8 = (value) => value && Buffer.from(value, 'latin1').toString();

/**
 * @param {Buffer} bytes
 * @returns {Head}
 */
function parseHead(bytes) {
  const [first = '', ...lines] = bytes.toString('latin1', 0, bytes.length - END_OF_HEAD.length).split('\r\n');
  const [, method, target] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined) {
    throw malformed('it does not begin with GET, HEAD or POST, an address and HTTP/1.1');
  }
  /** @type {Map<string, string>} */
  const headers = new Map();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) throw malformed('a header field is invalid');
    const key = name.toLowerCase();
    if (headers.has(key)) throw malformed('a header field appears twice');
    headers.set(key, value.trimEnd());
  }
  return { target, headers, hasBody: method === 'POST' };
}

/** Buffer that doubles when it is full. */
class GrowingBuffer {
  #bytes = Buffer.alloc(0);
  length = 0;

  /** @param {Buffer} more */
  append(more) {
    const length = this.length + more.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    more.copy(this.#bytes, this.length);
    this.length = length;
  }

  /**
   * Returns all bytes up to and including a mark, which is searched for from `start`.
   * @param {string} mark @param {number} start
   */
  upTo(mark, start) {
    const at = this.#bytes.subarray(0, this.length).indexOf(mark, Math.max(0, start));
    return at < 0 ? undefined : this.#bytes.subarray(0, at + mark.length);
  }
}
