import type { SessionData, SessionStore } from '@quantumtrade/dal-domain';
import { authContextStore, sessionStore, typedKeyspaces } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCache, OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import * as sample from './samples.js';

const HOUR_MS = 3_600_000;

const storeOf = ({ backend: { cache }, now }: OpenCache): SessionStore =>
  sessionStore(typedKeyspaces(cache), { now });
const contextsOf = ({ backend: { cache } }: OpenCache) => authContextStore(typedKeyspaces(cache));

const session = (attributes: SessionData['attributes'], sessionId?: string): SessionData => ({
  ...sample.sessionSample('ann'),
  ...(sessionId === undefined ? {} : { sessionId }),
  attributes,
});

const wrongNames = ['', 'x'.repeat(257), 'a\u0000', 'a\u200bb', '\ud800', 5 as never];

/** Tests `SessionStore` and `AuthContextStore`. */
export function sessionSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Sessions', () => {
    test('find returns a session until it ends', async (opened) => {
      const sessions = storeOf(opened);
      expect(await sessions.find('ann')).toBeNull();
      const saved = await sessions.save(sample.sessionSample('ann'));
      expect(saved).toMatchObject(sample.sessionSample('ann'));
      expect(await sessions.find('ann')).toEqual(saved);
      expect(await sessions.find('bob')).toBeNull();
      expect(await sessions.end('ann')).toBe(true);
      expect(await sessions.end('ann')).toBe(false);
      expect(await sessions.find('ann')).toBeNull();
      expect(await sessions.list('ann')).toEqual([]);
    });

    test('a user has several sessions that end separately or together', async (opened) => {
      const sessions = storeOf(opened);
      const phone = (await sessions.save(session({ device: 'phone' })))!;
      const laptop = (await sessions.save(session({ device: 'laptop' })))!;
      await sessions.save(session({ device: 'desk' }, 'chosen'));
      const devices = async () =>
        (await sessions.list('ann')).map(({ attributes }) => attributes['device']).toSorted();
      expect(await devices()).toEqual(['desk', 'laptop', 'phone']);
      expect(await sessions.find('ann', phone.sessionId)).toEqual(phone);
      expect((await sessions.find('ann'))?.sessionId).toBe('chosen');
      await sessions.save(laptop);
      expect(await sessions.find('ann')).toEqual(laptop);
      expect(await sessions.end('ann', laptop.sessionId)).toBe(true);
      expect(await sessions.end('ann', laptop.sessionId)).toBe(false);
      expect(await sessions.find('ann', laptop.sessionId)).toBeNull();
      expect(await devices()).toEqual(['desk', 'phone']);
      expect(await sessions.end('ann')).toBe(true);
      expect(await devices()).toEqual([]);
    });

    test('save does not revive a session that has ended', async (opened) => {
      const sessions = storeOf(opened);
      for (const [chosen, id] of [
        [undefined, undefined],
        ['chosen', 'chosen'],
        ['other', undefined],
      ]) {
        const held = (await sessions.save(session({}, chosen)))!;
        await sessions.end('ann', id);
        expect(await sessions.save({ ...held, attributes: { seen: 1 } })).toBeNull();
        expect(await sessions.find('ann', held.sessionId)).toBeNull();
      }
      expect(await sessions.save(session({ device: 'next' }))).not.toBeNull();
      expect(await sessions.list('ann')).toHaveLength(1);
    });

    test('concurrent saves do not revive a session that is ending', async (opened) => {
      const sessions = storeOf(opened);
      const held = (await sessions.save(session({})))!;
      const saves = Array.from({ length: 20 }, (_, n) => () => sessions.save({ ...held, attributes: { n } }));
      const outcomes = await Promise.all(
        [...saves.slice(0, 10), () => sessions.end('ann'), ...saves.slice(10)].map((call) => call()),
      );
      expect(outcomes[10]).toBe(true);
      expect(await sessions.find('ann')).toBeNull();
    });

    test('keeps all sessions that start at the same time', async (opened) => {
      const sessions = storeOf(opened);
      const saved = await Promise.all(Array.from({ length: 30 }, (_, n) => sessions.save(session({ n }))));
      expect(new Set(saved.map((each) => each!.sessionId)).size).toBe(30);
      expect(await sessions.list('ann')).toHaveLength(30);
    });

    test('keeps the hundred sessions of a user that were saved last', async (opened) => {
      const sessions = storeOf(opened);
      for (let n = 0; n < 101; n++) await sessions.save(session({ n }, `s${n}`));
      const list = await sessions.list('ann');
      expect(list).toHaveLength(100);
      expect(list.some(({ sessionId }) => sessionId === 's0')).toBe(false);
      expect(await sessions.save(session({}, 's0'))).toBeNull();
    });

    test('each session expires one hour after its last save', async (opened) => {
      const sessions = storeOf(opened);
      const phone = (await sessions.save(session({}, 'phone')))!;
      await opened.advance(HOUR_MS / 2);
      const laptop = (await sessions.save(session({}, 'laptop')))!;
      await opened.advance(HOUR_MS / 2);
      expect(await sessions.list('ann')).toEqual([laptop]);
      expect(await sessions.find('ann', 'phone')).toBeNull();
      expect(await sessions.save(phone)).toEqual(phone);
      await sessions.end('ann', 'phone');
      await opened.advance(HOUR_MS);
      expect(await sessions.save(phone)).toEqual(phone);
    });

    test('save copies the attributes of a session', async (opened) => {
      const sessions = storeOf(opened);
      const attributes = { tabs: [1] };
      const saving = sessions.save(session(attributes));
      attributes.tabs.push(2);
      expect((await saving)?.attributes).toEqual({ tabs: [1] });
      expect((await sessions.find('ann'))?.attributes).toEqual({ tabs: [1] });
    });

    test('session attributes keep any name and refuse lossy values', async (opened) => {
      const sessions = storeOf(opened);
      const attributes = JSON.parse(
        '{"__proto__": {"admin": true}, "x": [null, {"y": "é\\u0000"}]}',
      ) as object;
      await sessions.save(session(attributes as never));
      const found = await sessions.find('ann');
      expect(JSON.stringify(found?.attributes)).toBe(JSON.stringify(attributes));
      expect((found?.attributes as { admin?: boolean }).admin).toBe(undefined);
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      for (const lossy of [
        { a: undefined },
        { a: 1n },
        { a: new Date(0) },
        { a: -0 },
        circular,
        [1],
        'text',
        null,
      ]) {
        expect(await summaryOfRejection(() => sessions.save(session(lossy as never)))).toEqual({
          code: 'VALIDATION',
          field: 'attributes',
        });
      }
    });

    test('refuses an invalid session and names the member', async (opened) => {
      const sessions = storeOf(opened);
      const good = session({});
      const wrong: [field: string, members: object][] = [
        ...wrongNames.map((userId): [string, object] => ['userId', { userId }]),
        ...wrongNames.map((sessionId): [string, object] => ['sessionId', { sessionId }]),
        ['startedAt', { startedAt: new Date(NaN) }],
        ['startedAt', { startedAt: undefined }],
        ['extra', { extra: 1 }],
        ['savedAt', { savedAt: new Date(0) }],
      ];
      for (const [field, members] of wrong) {
        const failure = await summaryOfRejection(() => sessions.save({ ...good, ...members }));
        expect([members, failure]).toEqual([members, { code: 'VALIDATION', field }]);
      }
      for (const none of [undefined, null]) {
        const failure = await summaryOfRejection(() => sessions.save(none as never));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'userId' });
      }
      for (const name of wrongNames) {
        for (const call of [sessions.find, sessions.list, sessions.end]) {
          expect(await summaryOfRejection(() => call(name))).toEqual({ code: 'VALIDATION', field: 'userId' });
        }
        for (const call of [sessions.find, sessions.end]) {
          expect(await summaryOfRejection(() => call('ann', name))).toEqual({
            code: 'VALIDATION',
            field: 'sessionId',
          });
        }
      }
      expect(await opened.keys()).toEqual([]);
    });

    test('save replaces a stored text that is no session', async (opened) => {
      for (const text of ['{"userId":"ann"}', 'null', '7', 'not JSON', '']) {
        await opened.putText('session:ann', text);
        expect(await storeOf(opened).save(session({ text }))).not.toBeNull();
        expect((await storeOf(opened).find('ann'))?.attributes).toEqual({ text });
      }
    });
  });

  describe('Auth contexts', () => {
    test('find returns an auth context until its token is revoked', async (opened) => {
      const contexts = contextsOf(opened);
      expect(await contexts.find('token-of-ann')).toBeNull();
      expect(await contexts.save('token-of-ann', sample.userContext('ann'))).toBe(true);
      expect(await contexts.find('token-of-ann')).toEqual(sample.userContext('ann'));
      expect(await contexts.find('token-of-bob')).toBeNull();
      expect(await contexts.revoke('token-of-ann')).toBe(true);
      expect(await contexts.revoke('token-of-ann')).toBe(false);
      expect(await contexts.find('token-of-ann')).toBeNull();
      expect(await contexts.revoke('token-of-bob')).toBe(false);
    });

    test('save does not revive a revoked auth context', async (opened) => {
      const contexts = contextsOf(opened);
      await contexts.save('token', sample.userContext('ann'));
      const calls = [1, 2, 3, 4].map((n) => () => contexts.save('token', sample.userContext(`ann${n}`)));
      await Promise.all([calls[0]!(), calls[1]!(), contexts.revoke('token'), calls[2]!(), calls[3]!()]);
      expect(await contexts.find('token')).toBeNull();
      expect(await contexts.save('token', sample.userContext('ann'))).toBe(false);
      await opened.advance(HOUR_MS);
      expect(await contexts.save('token', sample.userContext('ann'))).toBe(true);
    });

    test('save never stores the token itself', async (opened) => {
      await contextsOf(opened).save('token-of-ann', sample.userContext('ann'));
      const stored = await opened.dump();
      expect(stored.includes('orders:write')).toBe(true);
      expect(stored.includes('token-of-ann')).toBe(false);
    });

    test('refuses an invalid token', async (opened) => {
      const contexts = contextsOf(opened);
      const context = sample.userContext('ann');
      for (const token of ['', 'x'.repeat(8_193), 'a\nb', '\ud800', 5 as never, undefined as never]) {
        const calls = [contexts.find, contexts.revoke, (each: string) => contexts.save(each, context)];
        for (const call of calls) {
          expect(await summaryOfRejection(() => call(token))).toEqual({ code: 'VALIDATION', field: 'token' });
        }
      }
      expect(await opened.keys()).toEqual([]);
    });

    test('refuses an invalid auth context and names the member', async (opened) => {
      const wrong: [field: string, members: object][] = [
        ['userId', { userId: '' }],
        ['roles', { roles: ['a', ''] }],
        ['roles', { roles: new Array(2) }],
        ['permissions', { permissions: 'all' }],
        ['permissions', { permissions: ['a\u0007'] }],
        ['role', { role: 'admin' }],
      ];
      for (const [field, members] of wrong) {
        const save = () => contextsOf(opened).save('token', { ...sample.userContext('ann'), ...members });
        expect(await summaryOfRejection(save)).toEqual({ code: 'VALIDATION', field });
      }
      expect(await opened.keys()).toEqual([]);
    });
  });
}
