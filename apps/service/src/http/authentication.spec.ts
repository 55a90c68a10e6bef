import { createHash } from 'node:crypto';
import type { ConfigInput } from '@quantumtrade/dal-config';
import { defineConfig, Secret } from '@quantumtrade/dal-config';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { ANONYMOUS, Authentication } from './authentication.js';

const TOKEN = 'token-0123456789';
const HASHED = 'hashed-0123456789';
const STORED = 'stored-0123456789';

const tokens = [
  { user: 'ann', roles: ['read', 'write'], token: TOKEN },
  { user: 'bob', sha256: createHash('sha256').update(HASHED).digest('hex') },
] as const;
const context = { userId: 'cleo', roles: ['operate', 'trader'], permissions: [] };
const store = { find: async (token: string) => (token === STORED ? context : null) };

const create = (http: ConfigInput['http'] = {}, users: typeof store = store) =>
  new Authentication(defineConfig({ http: { tokens, ...http } }).http, users);
const bearer = (token: string) => `Bearer ${token}`;

describe('Authentication', () => {
  it.each([
    ['write', bearer(TOKEN), 'ann'],
    ['read', bearer(HASHED), 'bob'],
    ['read', `bearer  ${HASHED}`, 'bob'],
    ['health', bearer(STORED), 'cleo'],
    ['probe', undefined, ANONYMOUS.id],
  ] as const)('accepts for %s the header %s', async (area, header, id) => {
    expect(await create().authorize(area, header, {})).toMatchObject({ id });
  });

  it.each([
    ['read', undefined, 'UNAUTHENTICATED'],
    ['read', TOKEN, 'UNAUTHENTICATED'],
    ['read', `Basic ${TOKEN}`, 'UNAUTHENTICATED'],
    ['read', bearer(`${TOKEN}x`), 'UNAUTHENTICATED'],
    ['read', `${bearer(TOKEN)} x`, 'UNAUTHENTICATED'],
    ['write', bearer(HASHED), 'FORBIDDEN'],
    ['metrics', bearer(TOKEN), 'FORBIDDEN'],
    ['read', bearer(STORED), 'FORBIDDEN'],
  ] as const)('refuses for %s the header %s', async (area, header, code) => {
    await expect(create().authorize(area, header, {})).rejects.toMatchObject({ code });
  });

  it('opens the configured areas only', async () => {
    const open = create({ open: ['read', 'metrics'] });
    expect(await open.authorize('read', undefined, {})).toBe(ANONYMOUS);
    expect(await open.authorize('metrics', 'nonsense', {})).toBe(ANONYMOUS);
    expect(await open.authorize('read', bearer(TOKEN), {})).toMatchObject({ id: 'ann' });
    await expect(open.authorize('health', undefined, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(open.authorize('read', bearer('x'), {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('accepts configured tokens while the store is out of reach', async () => {
    const failure = new ConnectionError('down', { operation: 'authContexts.find' });
    const authentication = create({}, { find: () => Promise.reject(failure) });
    expect(await authentication.authorize('read', bearer(TOKEN), {})).toMatchObject({ id: 'ann' });
    await expect(authentication.authorize('read', bearer(STORED), {})).rejects.toBe(failure);
  });

  it('takes up a rotated token, and follows it until it is closed', async () => {
    let text = TOKEN;
    let watchers = 0;
    class Rotated extends Secret {
      override reveal = () => text;
      override watch = () => {
        watchers++;
        return () => watchers--;
      };
    }
    const authentication = create({ tokens: [{ user: 'ann', token: new Rotated('') }] });
    text = 'rotated-0123456789';
    expect(await authentication.authorize('read', bearer(text), {})).toMatchObject({ id: 'ann' });
    await expect(authentication.authorize('read', bearer(TOKEN), {})).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    expect(watchers).toBe(1);
    authentication.close();
    expect(watchers).toBe(0);
  });

  it('ignores the store where the configuration says so', async () => {
    const authentication = create({ authContexts: false });
    await expect(authentication.authorize('health', bearer(STORED), {})).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    expect(authentication.acceptsNoToken).toBe(false);
    expect(create({ authContexts: false, tokens: [] }).acceptsNoToken).toBe(true);
  });

  it.each([
    [{ user: 'ann' }, 'expected either token or sha256'],
    [{ user: 'ann', token: 'short' }, 'expected at least 16 characters'],
    [{ user: 'ann', token: TOKEN, sha256: 'a'.repeat(64) }, 'expected either token or sha256'],
  ])('refuses the configured token %j', (token, reason) => {
    expect(() => create({ tokens: [token] })).toThrow(`http.tokens.0.token: ${reason}`);
  });
});
