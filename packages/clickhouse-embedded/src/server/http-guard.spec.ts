import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { HttpGuard } from './http-guard.js';
import { Login } from './login.js';

const login = new Login('dal', createHash('sha256').update('pä ss').digest('hex'));
const headers = 'X-ClickHouse-User: dal\r\nX-ClickHouse-Key: pä ss\r\n';
const bytesOf = (text: string) => Buffer.from(text);

/** Returns the forwarded part of the text, and the answer that ends the connection, if any. */
function pass(text: string | Buffer, cuts: number[] = []) {
  const guard = new HttpGuard(login);
  const bytes = Buffer.from(text);
  const forwarded: Buffer[] = [];
  let at = 0;
  for (const cut of [
    ...cuts.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ]) {
    const { forward, refusal } = guard.take(bytes.subarray(at, cut));
    // The bytes of a socket are reused: what was taken must not change with them.
    forwarded.push(...forward.map((part) => Buffer.from(part)));
    if (refusal) return { forwarded: Buffer.concat(forwarded).toString(), refusal: refusal.toString() };
    at = cut;
  }
  return { forwarded: Buffer.concat(forwarded).toString(), refusal: undefined };
}

describe('HTTP guard', () => {
  it.each([
    ['headers', `GET /?query=SELECT+1 HTTP/1.1\r\n${headers}\r\n`],
    [
      'basic authentication',
      `GET / HTTP/1.1\r\nAuthorization: Basic ${bytesOf('dal:pä ss').toString('base64')}\r\n\r\n`,
    ],
    ['parameters', 'GET /?user=dal&password=p%C3%A4+ss&query=SELECT+1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('HTTP guard passes a request with the login in %s', (_, request) => {
    expect(pass(request)).toEqual({ forwarded: request, refusal: undefined });
  });

  it.each([
    ['no login', 'GET /ping HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['another password', 'GET / HTTP/1.1\r\nX-ClickHouse-User: dal\r\nX-ClickHouse-Key: no\r\n\r\n'],
    ['another user', 'GET / HTTP/1.1\r\nX-ClickHouse-User: default\r\nX-ClickHouse-Key: pä ss\r\n\r\n'],
    ['invalid base64', 'GET / HTTP/1.1\r\nAuthorization: Basic ====\r\n\r\n'],
  ])('HTTP guard refuses a request with %s like ClickHouse', (_, request) => {
    const { forwarded, refusal } = pass(request);
    expect(forwarded).toBe('');
    expect(refusal).toMatch(/^HTTP\/1\.1 403 .*X-ClickHouse-Exception-Code: 516.*AUTHENTICATION_FAILED/s);
  });

  it.each([
    ['bytes that are not HTTP', '\0\x01\x02\r\n\r\n', 400],
    ['another method', `DELETE / HTTP/1.1\r\n${headers}\r\n`, 400],
    ['another version', `GET / HTTP/1.0\r\n${headers}\r\n`, 400],
    ['a space in the address', `GET /a b HTTP/1.1\r\n${headers}\r\n`, 400],
    ['a field without a colon', `GET / HTTP/1.1\r\n${headers}nonsense\r\n\r\n`, 400],
    ['a control character', `GET / HTTP/1.1\r\n${headers}A: \x01\r\n\r\n`, 400],
    ['a folded field', `GET / HTTP/1.1\r\n${headers}A: b\r\n c\r\n\r\n`, 400],
    ['a field twice', `GET / HTTP/1.1\r\n${headers}Host: x\r\nhost: x\r\n\r\n`, 400],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${headers}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
    ],
    ['an invalid length', `POST / HTTP/1.1\r\n${headers}Content-Length: -1\r\n\r\n`, 400],
    ['another coding', `POST / HTTP/1.1\r\n${headers}Transfer-Encoding: gzip\r\n\r\n`, 400],
    ['no length', `POST / HTTP/1.1\r\n${headers}\r\n`, 411],
    ['a head too large', `GET /${'a'.repeat(1_400_000)} HTTP/1.1\r\n${headers}\r\n`, 431],
    ['a head without an end', 'a'.repeat(1_400_000), 431],
  ])('HTTP guard refuses %s', (_, request, status) => {
    for (const cuts of [[], [0.3, 0.5]]) {
      const { forwarded, refusal } = pass(request, cuts);
      expect(forwarded).toBe('');
      expect(refusal).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });

  const body = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ' ', ':'), maxLength: 40 });
  const request = fc.oneof(
    fc.constant(`GET / HTTP/1.1\r\n${headers}\r\n`),
    body.map((text) => `POST / HTTP/1.1\r\n${headers}Content-Length: ${text.length}\r\n\r\n${text}`),
    fc.array(body.filter((text) => text !== '')).map((chunks) => {
      const framed = chunks.map((text) => `${text.length.toString(16)};x\r\n${text}\r\n`).join('');
      return `POST / HTTP/1.1\r\n${headers}Transfer-Encoding: chunked\r\n\r\n${framed}0\r\nTrailer: x\r\n\r\n`;
    }),
  );
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

  it('HTTP guard passes requests cut at any byte unchanged', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 4 }), cuts, (requests, at) => {
        expect(pass(requests.join(''), at)).toEqual({ forwarded: requests.join(''), refusal: undefined });
      }),
      { seed: 1 },
    );
  });

  it('HTTP guard passes no bytes behind a refused request', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 4 }), cuts, (requests, at) => {
        const before = requests.join('');
        const { forwarded, refusal } = pass(`${before}GET / HTTP/1.1\r\n\r\n${before}`, at);
        expect(forwarded).toBe(before);
        expect(refusal).toContain('403');
      }),
      { seed: 1 },
    );
  });

  it.each([
    ['without a size', 'x\r\n'],
    ['with an endless size', 'f'.repeat(300)],
    ['longer than its size', '1\r\nab\r\n'],
  ])('HTTP guard ends a request without answer when a chunk is %s', (_, chunk) => {
    const head = `POST / HTTP/1.1\r\n${headers}Transfer-Encoding: chunked\r\n\r\n`;
    expect(pass(head + chunk)).toMatchObject({ forwarded: expect.stringContaining(head), refusal: '' });
  });
});
