import { AUTHENTICATION_FAILED, refusalMessage } from './login.js';

const CLIENT_HELLO = 0;
const SERVER_EXCEPTION = 2;
const MAX_HELLO_BYTES = 16_384;

/** More bytes are needed. */
class IncompleteError extends Error {}

/** @typedef {import('./login.js').Login} Login */
/** @typedef {import('./relay.js').Guard} Guard */

/**
 * Checks the first packet of a native connection, which holds the login, and passes the following ones unchanged.
 * @implements {Guard}
 */
export class NativeGuard {
  #login;
  #hello = Buffer.alloc(0);
  #isOpen = false;

  /** @param {Login} login */
  constructor(login) {
    this.#login = login;
  }

  get heldBytes() {
    return this.#hello.length;
  }

  /** @param {Buffer} bytes */
  take(bytes) {
    if (this.#isOpen) return { forward: [bytes] };
    this.#hello = Buffer.concat([this.#hello, bytes]);
    const login = readHello(this.#hello);
    if (login === 'incomplete' && this.#hello.length <= MAX_HELLO_BYTES) return { forward: [] };
    if (typeof login === 'string') return { forward: [], refusal: Buffer.alloc(0) };
    if (!this.#login.accepts(login.username, login.password)) {
      return { forward: [], refusal: exceptionPacket(refusalMessage(login.username)) };
    }
    this.#isOpen = true;
    const forward = [this.#hello];
    this.#hello = Buffer.alloc(0);
    return { forward };
  }
}

/** @param {Buffer} bytes */
function readHello(bytes) {
  let at = 0;
  const number = () => {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new IncompleteError();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      if (unit > MAX_HELLO_BYTES) return Infinity;
    }
  };
  const text = () => {
    const length = number();
    if (at + length > bytes.length) throw new IncompleteError();
    return bytes.toString('utf8', at, (at += length));
  };
  if (bytes[0] !== CLIENT_HELLO) return 'invalid';
  try {
    number();
    text(); // client's name
    number(); // its version, major
    number(); // minor
    number(); // revision of the protocol
    text(); // database
    return { username: text(), password: text() };
  } catch (error) {
    if (error instanceof IncompleteError) return 'incomplete';
    throw error;
  }
}

/** @param {string} message */
function exceptionPacket(message) {
  const code = Buffer.alloc(4);
  code.writeInt32LE(AUTHENTICATION_FAILED);
  const text = (/** @type {string} */ value) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([varint(bytes.length), bytes]);
  };
  const noStackTrace = text('');
  const notNested = Buffer.from([0]);
  return Buffer.concat([
    varint(SERVER_EXCEPTION),
    code,
    text('DB::Exception'),
    text(message),
    noStackTrace,
    notNested,
  ]);
}

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}
