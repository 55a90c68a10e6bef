import { jest } from '@jest/globals';
import { firstAvailable } from './first-available.js';

const source = (name: string, find: () => Promise<string | undefined>) => ({ name, find });

it('returns the server of the first source that has one', async () => {
  const later = jest.fn(async () => 'third');
  const found = await firstAvailable(
    'X',
    [source('a', async () => undefined), source('b', async () => 'second'), source('c', later)],
    '',
  );
  expect(found).toBe('second');
  expect(later).not.toHaveBeenCalled();
});

it('asks the next source when a source fails', async () => {
  const failing = source('a', () => Promise.reject(new Error('no engine')));
  expect(await firstAvailable('X', [failing, source('b', async () => 'second')], '')).toBe('second');
});

it('throws the sources tried when none has a server', async () => {
  const failing = source('engine', () => Promise.reject(new Error('not for this platform')));
  const attempt = firstAvailable('X', [source('X_URL', async () => undefined), failing], 'Install x.');
  await expect(attempt).rejects.toThrow(
    'Tests need a X and found none. Install x.\n  X_URL: none\n  engine: not for this platform',
  );
});
