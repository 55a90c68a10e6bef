import { inspect } from 'node:util';
import { ManualClock, sleep } from '@quantumtrade/dal-runtime';
import { turn, until } from '@quantumtrade/dal-testing';
import { onSecretRefresh, parseReference, SecretError, SecretStore, type SecretRefresh } from './index.js';
import { FakeSource } from './testing/fake-source.js';

const LIFETIME_MS = 100_000;
const SETTINGS = {
  lifetimeMs: LIFETIME_MS,
  timeoutMs: 1_000,
  rotationGraceMs: 5_000,
  aws: { region: undefined, endpoint: undefined },
};

let clock: ManualClock;
let source: FakeSource;
let store: SecretStore;
let refreshes: SecretRefresh[];
let stop: () => void;
beforeEach(() => {
  clock = new ManualClock();
  source = new FakeSource('{"user":"ann","password":"one"}');
  store = new SecretStore(SETTINGS, { sources: { vault: source }, clock, random: () => 0.5 });
  refreshes = [];
  stop = onSecretRefresh((refresh) => refreshes.push(refresh));
});
afterEach(() => stop());

const get = (text: string) => store.get(parseReference(text)!);
const rotateTo = (password: string) => {
  source.value = JSON.stringify({ user: 'ann', password });
};

it('a secret is fetched once for all who ask for its keys', async () => {
  const [user, password, again] = await Promise.all([
    get('${vault:db#user}'),
    get('${vault:db#password}'),
    get('${vault:db#password}'),
  ]);
  expect([user.reveal(), password.reveal(), again.reveal()]).toEqual(['ann', 'one', 'one']);
  expect(source.fetched).toEqual(['db']);
  expect(password.reference).toBe('${vault:db#password}');
});

it('a secret shows its text in no form', async () => {
  const password = await get('${vault:db#password}');
  const shown = `${password} ${JSON.stringify({ password })} ${inspect([password, { ...password }, store], { showHidden: true, depth: 9 })}`;
  expect(shown).toContain('[secret]');
  expect(shown).not.toContain('one');
});

it.each([
  ['${vault:db#none}', '${vault:db#none}: the secret has no key "none"'],
  ['${vualt:db}', 'there is no such source of secrets, expected one of file, aws-sm, vault'],
  ['${file:none}', '${file:none}: expected an absolute path'],
])('the secret %s is refused with its reference', async (text, reason) => {
  await expect(get(text)).rejects.toMatchObject({ name: 'SecretError', reason });
});

it('an unknown error of a source is not quoted', async () => {
  source.value = new Error('hunter2');
  const error: unknown = await get('${vault:db}').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ reason: '${vault:db}: the source failed' });
  expect(inspect(error)).not.toContain('hunter2');
});

it('a secret is fetched anew after a failure', async () => {
  source.value = new SecretError('throttled');
  await expect(get('${vault:db#user}')).rejects.toMatchObject({ reason: '${vault:db#user}: throttled' });
  rotateTo('two');
  expect((await get('${vault:db#password}')).reveal()).toBe('two');
});

it('a source that does not answer is left at the time limit', async () => {
  source.hangs = true;
  const getting = get('${vault:db}');
  await turn();
  clock.advance(SETTINGS.timeoutMs);
  await expect(getting).rejects.toMatchObject({ reason: '${vault:db}: no answer within 1000 ms' });
  expect(source.signal!.aborted).toBe(true);
});

describe('a watched secret', () => {
  it('a watched secret is refreshed before its lifetime is over', async () => {
    const password = await get('${vault:db#password}');
    const changes: string[] = [];
    const unwatch = password.watch(() => changes.push(password.reveal()));
    rotateTo('two');
    clock.advance(0.8 * LIFETIME_MS - 1);
    expect(source.fetched).toHaveLength(1);
    clock.advance(1);
    await until(() => changes.length > 0);
    expect(changes).toEqual(['two']);
    expect(refreshes).toEqual([{ reference: '${vault:db#password}' }]);
    unwatch();
  });

  it('a refresh without a change is silent and followed by another', async () => {
    const password = await get('${vault:db#password}');
    const changes: string[] = [];
    password.watch(() => changes.push(password.reveal()));
    for (let count = 2; count <= 4; count++) {
      clock.advance(0.8 * LIFETIME_MS);
      await until(() => source.fetched.length === count);
      await turn();
    }
    expect([changes, refreshes]).toEqual([[], []]);
  });

  it('a change of one key calls back no watcher of another', async () => {
    const [user, password] = await Promise.all([get('${vault:db#user}'), get('${vault:db#password}')]);
    const changed: string[] = [];
    user.watch(() => changed.push('user'));
    password.watch(() => changed.push('password'));
    rotateTo('two');
    clock.advance(0.8 * LIFETIME_MS);
    await until(() => password.reveal() === 'two');
    expect(changed).toEqual(['password']);
  });

  it('failed refreshes keep the last text and are repeated with backoff', async () => {
    const password = await get('${vault:db#password}');
    password.watch();
    source.value = new SecretError('throttled');
    clock.advance(0.8 * LIFETIME_MS);
    await until(() => refreshes.length === 1);
    expect(refreshes).toEqual([{ reference: '${vault:db#password}', reason: 'throttled' }]);
    expect(password.reveal()).toBe('one');
    await turn();
    // Half of 1 s, then of 2 s.
    clock.advance(500);
    await until(() => source.fetched.length === 3);
    await turn();
    clock.advance(999);
    expect(source.fetched).toHaveLength(3);
    rotateTo('two');
    clock.advance(1);
    await until(() => password.reveal() === 'two');
  });

  it('a value that lacks a key in use is not taken', async () => {
    const [user, password] = await Promise.all([get('${vault:db#user}'), get('${vault:db#password}')]);
    password.watch();
    source.value = '{"password":"two"}';
    clock.advance(0.8 * LIFETIME_MS);
    await until(() => refreshes.length > 0);
    expect([user.reveal(), password.reveal()]).toEqual(['ann', 'one']);
    expect(refreshes.map(({ reason }) => reason)).toEqual(Array(2).fill('the secret has no key "user"'));
  });

  it('the refreshing ends with the last watcher', async () => {
    const [user, password] = await Promise.all([get('${vault:db#user}'), get('${vault:db#password}')]);
    const unwatch = [user.watch(), password.watch()];
    unwatch[0]!();
    expect(clock.pendingTimers).toBe(1);
    unwatch[1]!();
    expect(clock.pendingTimers).toBe(0);
    user.watch()();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a refused text', () => {
  /** Moves the clock until some work has settled. */
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    let isPending = true;
    const result = work.finally(() => (isPending = false));
    for (await turn(); isPending; await turn()) clock.advance(10);
    return result;
  };

  it('a text that has changed meanwhile is not fetched', async () => {
    const password = await get('${vault:db#password}');
    expect(await password.renew('an older one')).toBe(true);
    expect(source.fetched).toHaveLength(1);
  });

  it('a refused text is fetched once for all who were refused', async () => {
    const password = await get('${vault:db#password}');
    rotateTo('two');
    expect(await Promise.all([1, 2, 3].map(() => password.renew('one')))).toEqual([true, true, true]);
    expect(password.reveal()).toBe('two');
    expect(source.fetched).toHaveLength(2);
  });

  it('a text that stays is worth repeating within the grace', async () => {
    const password = await get('${vault:db#password}');
    const renewals: boolean[] = [];
    const startedAt = clock.now();
    while (renewals.at(-1) !== false) renewals.push(await settled(password.renew('one')));
    const elapsedMs = clock.now() - startedAt;
    expect(elapsedMs).toBeGreaterThanOrEqual(SETTINGS.rotationGraceMs);
    expect(elapsedMs).toBeLessThan(SETTINGS.rotationGraceMs + 500);
    expect(renewals.length).toBeGreaterThan(10);
    // Refusals that change nothing are not all fetched.
    expect(source.fetched.length).toBeLessThan(renewals.length / 2);
  });

  it.each([0, 200, 6_000])('a short grace ends while fetches take %i ms', async (fetchMs) => {
    const rotationGraceMs = 100;
    const slow = {
      fetch: async (name: string, signal: AbortSignal) => {
        if (source.fetched.length > 0) await sleep(fetchMs, clock);
        return source.fetch(name, signal);
      },
    };
    const settings = { ...SETTINGS, rotationGraceMs, timeoutMs: 10_000 };
    store = new SecretStore(settings, { sources: { vault: slow }, clock, random: () => 0.5 });
    const password = await get('${vault:db#password}');
    const startedAt = clock.now();
    while (await settled(password.renew('one'))) {
      expect(clock.now() - startedAt).toBeLessThan(rotationGraceMs + 500 + fetchMs);
    }
  });

  it('a refusal after a pause begins another grace', async () => {
    const password = await get('${vault:db#password}');
    while (await settled(password.renew('one')));
    clock.advance(SETTINGS.rotationGraceMs + 1);
    expect(await settled(password.renew('one'))).toBe(true);
  });

  it('a new text has a grace of its own', async () => {
    const password = await get('${vault:db#password}');
    while (await settled(password.renew('one')));
    rotateTo('two');
    clock.advance(SETTINGS.rotationGraceMs - 1);
    expect(await settled(password.renew('one'))).toBe(true);
    expect(password.reveal()).toBe('two');
    expect(await settled(password.renew('two'))).toBe(true);
  });

  it('a fetch that fails leaves the text in use', async () => {
    const password = await get('${vault:db#password}');
    source.value = new SecretError('throttled');
    expect(await settled(password.renew('one'))).toBe(true);
    expect(password.reveal()).toBe('one');
  });

  it('waiting for another text ends with the signal', async () => {
    const password = await get('${vault:db#password}');
    source.hangs = true;
    const controller = new AbortController();
    const renewing = password.renew('one', controller.signal);
    controller.abort(new Error('left'));
    await expect(renewing).rejects.toThrow('left');
  });
});
