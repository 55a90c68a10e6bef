import { createHash } from 'node:crypto';
import { hello } from '../testing/native-hello.js';
import { Login } from './login.js';
import { NativeGuard } from './native-guard.js';

const login = new Login('dal', createHash('sha256').update('right').digest('hex'));

describe('native guard', () => {
  it('native guard passes a valid login cut at any byte', () => {
    const bytes = Buffer.concat([hello('dal', 'right'), Buffer.from([1, 2, 3])]);
    for (let cut = 1; cut <= bytes.length; cut++) {
      const guard = new NativeGuard(login);
      const verdicts = [guard.take(bytes.subarray(0, cut)), guard.take(bytes.subarray(cut))];
      expect(verdicts.map(({ refusal }) => refusal)).toEqual([undefined, undefined]);
      expect(Buffer.concat(verdicts.flatMap(({ forward }) => forward))).toEqual(bytes);
      expect(guard.heldBytes).toBe(0);
    }
  });

  it.each([
    ['dal', 'wrong'],
    ['default', ''],
  ])('native guard refuses %s with the password "%s"', (username, password) => {
    const { forward, refusal } = new NativeGuard(login).take(hello(username, password));
    expect(forward).toEqual([]);
    expect(refusal?.[0]).toBe(2);
    expect(refusal?.readInt32LE(1)).toBe(516);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an endless name', Buffer.concat([Buffer.from([0, 255, 255, 255, 127]), Buffer.alloc(20_000)])],
    ['an endless number', Buffer.concat([Buffer.from([0]), Buffer.alloc(20_000, 255)])],
  ])('native guard ends a connection that begins with %s', (_, bytes) => {
    expect(new NativeGuard(login).take(bytes)).toEqual({ forward: [], refusal: Buffer.alloc(0) });
  });
});
