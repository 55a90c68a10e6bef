import { TestSecret } from '@quantumtrade/dal-testing';
import { FakeClient } from '../testing/fake-client.js';
import { counted, page, refusal, rows, silence, type FakeAnswer } from '../testing/fake-server.js';

const REFUSAL = refusal(516, 'AUTHENTICATION_FAILED');

const fake = new FakeClient();
afterEach(() => fake.close());

let valid: string;
let password: TestSecret;
/** Texts of the passwords that requests had. */
let sent: string[];
beforeEach(() => {
  valid = 'two';
  password = new TestSecret('one');
  sent = [];
});

/** Answers to requests with the valid password, and refuses others. */
const guarded =
  (answer: FakeAnswer, otherwise: FakeAnswer = REFUSAL): FakeAnswer =>
  (response, request) => {
    const login = Buffer.from(request.headers.authorization!.slice('Basic '.length), 'base64').toString();
    sent.push(login.slice('ann:'.length));
    return (login === `ann:${valid}` ? answer : otherwise)(response, request);
  };

const serve = (answer: FakeAnswer) => fake.serveWith({ username: 'ann', password }, answer);

it('every request has the current password', async () => {
  valid = 'one';
  await serve(guarded(rows({ n: 1 })));
  await fake.select();
  valid = 'two';
  password.change('two');
  await fake.select();
  expect([sent, password.refused]).toEqual([['one', 'two'], []]);
});

it.each([
  ['read', () => fake.select(), rows({ n: 1 })],
  [
    'insert',
    () =>
      fake.client
        .sql('d')
        .insert('test', { table: 't', token: 'x', bytes: Buffer.of(1), rowCount: 1, retried: false }),
    counted(1),
  ],
  ['command', () => fake.client.sql('d').command('test', 'DROP TABLE t'), counted()],
  ['ping', () => fake.client.ping(), rows({ n: 1 })],
] as const)('%s whose login is refused is repeated with the renewed password', async (_, call, answer) => {
  password.next = 'two';
  await serve(guarded(answer));
  await call();
  expect([sent, password.refused]).toEqual([['one', 'two'], ['one']]);
});

it('a stream whose login is refused is repeated with the renewed password', async () => {
  password.next = 'two';
  await serve(guarded(rows({ n: 1 })));
  const numbers: unknown[] = [];
  for await (const block of fake.client.sql('d').blocks('test', 'SELECT 1 AS n')) {
    numbers.push(block.column('n').at(0));
  }
  expect([numbers, sent]).toEqual([[1], ['one', 'two']]);
});

it.each([401, 403])('a login that a gateway refuses with %d is renewed', async (status) => {
  password.next = 'two';
  await serve(guarded(rows({ n: 1 }), page(status)));
  expect(await fake.select()).toEqual([{ n: 1 }]);
});

it('a refused login fails at once when no other password is found', async () => {
  await serve(guarded(rows({ n: 1 })));
  await expect(fake.select()).rejects.toMatchObject({ name: 'ConnectionError', kind: 'LOGIN_REFUSED' });
  expect(sent).toEqual(['one']);
});

it('other errors renew no password', async () => {
  await serve(refusal(497, 'ACCESS_DENIED'));
  await expect(fake.select()).rejects.toMatchObject({ name: 'QueryError' });
  expect(password.refused).toEqual([]);
});

it('a call that waits for another password ends at its deadline', async () => {
  password.delay = new Promise(() => undefined);
  await fake.serveWith({ username: 'ann', password, maxConnections: 1 }, guarded(rows({ n: 1 })));
  await expect(fake.select({ deadline: Date.now() + 50 })).rejects.toMatchObject({
    name: 'TimeoutError',
    message: expect.stringMatching(/; the server refused the login: AUTHENTICATION_FAILED \(516\)$/),
  });
  // Nothing runs on the server, so that the connection is free at once.
  expect(fake.client.endpoints()).toMatchObject([{ inUse: 0, orphanedQueries: 0 }]);
  expect(fake.server.kills).toBe(0);
});

it('the password is watched until the client closes', async () => {
  await serve(silence);
  expect(password.watcherCount).toBe(1);
  await fake.client.close();
  expect(password.watcherCount).toBe(0);
});
