import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectStoreModelTest, objectStoreSuite } from '@quantumtrade/dal-conformance';
import { nodeFileSystem, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { DirectoryObjectStore, type DirectoryObjectStoreOptions } from './directory-object-store.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };
const BYTES = Uint8Array.of(1, 2, 3);

async function open(options?: DirectoryObjectStoreOptions) {
  const parent = await mkdtemp(join(tmpdir(), 'objects-'));
  const directory = join(parent, 'store');
  const store = new DirectoryObjectStore(directory, options);
  const close = async () => {
    await store.close();
    await rm(parent, { recursive: true });
  };
  return { store, directory, locks: false, close };
}

/** Runs a test with a store of its own. */
const test = (
  name: string,
  body: (opened: Awaited<ReturnType<typeof open>>) => Promise<void>,
  options?: DirectoryObjectStoreOptions,
) =>
  it(name, async () => {
    const opened = await open(options);
    await body(opened).finally(opened.close);
  });

/** A file system on which one operation fails. */
const failing = (operation: keyof FileSystem, code: string): FileSystem => ({
  ...nodeFileSystem,
  [operation]: async () => {
    throw Object.assign(new Error('failed'), { code });
  },
});

objectStoreSuite(runner, () => open(), { manyObjects: 100 });
objectStoreModelTest(runner, () => open(), { runs: 20 });

test('files and directories are accessible to their owner alone', async ({ store, directory }) => {
  await store.put('a/b', BYTES);
  const modes = await Promise.all(['', 'a', 'a/b'].map((path) => stat(join(directory, path))));
  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '700', '600']);
});

test('list leaves out what is no object', async ({ store, directory }) => {
  await store.put('a/b', BYTES);
  await mkdir(join(directory, '.snapshot'));
  for (const name of ['.snapshot/x', 'a/.put-1', 'a/with space', 'a/.hidden']) {
    await writeFile(join(directory, name), 'x');
  }
  await symlink('/etc', join(directory, 'etc'));
  const keys = [];
  for await (const { key } of store.list('')) keys.push(key);
  expect(keys).toEqual(['a/b']);
});

test('list removes temporary files after an hour', async ({ store, directory }) => {
  await store.put('a/b', BYTES);
  const old = new Date(Date.now() - 3_700_000);
  for (const name of ['.put-old', '.put-new', '.other']) await writeFile(join(directory, 'a', name), 'x');
  for (const name of ['.put-old', '.other', 'b']) await utimes(join(directory, 'a', name), old, old);
  for await (const { key } of store.list('')) expect(key).toBe('a/b');
  expect((await readdir(join(directory, 'a'))).sort()).toEqual(['.other', '.put-new', 'b']);
});

test('deleteMany removes folders that are empty', async ({ store, directory }) => {
  await store.put('a/b/c', BYTES);
  await store.put('a/d', BYTES);
  await store.deleteMany(['a/b/c']);
  expect(await readdir(join(directory, 'a'))).toEqual(['d']);
  await store.deleteMany(['a/d']);
  expect(await readdir(directory)).toEqual([]);
});

test('put succeeds while empty folders are removed', async ({ store }) => {
  for (let round = 0; round < 20; round++) {
    await store.put('a/b/c', BYTES);
    await Promise.all([store.deleteMany(['a/b/c']), store.put('a/b/d', BYTES)]);
    expect(await store.get('a/b/d')).toBeDefined();
    await store.deleteMany(['a/b/d']);
  }
});

test('refuses a key below another object', async ({ store }) => {
  await store.put('a', BYTES);
  const below = {
    code: 'QUERY',
    retryable: false,
    message: expect.stringContaining('the folder of another'),
  };
  await expect(store.put('a/b', BYTES)).rejects.toMatchObject(below);
  await store.put('b/c', BYTES);
  await expect(store.put('b', BYTES)).rejects.toMatchObject(below);
  expect([await store.get('a'), await store.get('b/c')].map((found) => found?.length)).toEqual([3, 3]);
});

test('a failed put leaves the former object and no file', async ({ directory }) => {
  await new DirectoryObjectStore(directory).put('a/b', BYTES);
  const store = new DirectoryObjectStore(directory, { fs: failing('rename', 'EIO'), random: () => 0 });
  const failed = store.put('a/b', Uint8Array.of(4));
  await expect(failed).rejects.toMatchObject({ code: 'CONNECTION', retryable: true });
  await expect(failed).rejects.toThrow(`the directory failed (EIO) at ${directory}`);
  expect(await readdir(join(directory, 'a'))).toEqual(['b']);
  expect(await store.get('a/b')).toEqual(BYTES);
});

test(
  'a full disk is reported at once as full',
  async ({ store, directory }) => {
    const full = { code: 'QUERY', kind: 'STORE_FULL', retryable: true };
    const failed = store.put('a', BYTES);
    await expect(failed).rejects.toMatchObject(full);
    await expect(failed).rejects.toThrow(`the object store is full (ENOSPC) at ${directory}`);
  },
  { fs: failing('open', 'ENOSPC') },
);

test(
  'a directory that is not accessible is no passing failure',
  async ({ store }) => {
    const refused = { code: 'CONNECTION', retryable: false, message: expect.stringContaining('(EACCES)') };
    await expect(store.get('a')).rejects.toMatchObject(refused);
  },
  { fs: failing('open', 'EACCES') },
);

test('get fails when the directory cannot be read', async ({ store, directory }) => {
  await store.put('a/b', BYTES);
  // The superuser may read everything.
  if (process.getuid?.() === 0) return;
  await chmod(join(directory, 'a'), 0);
  await expect(store.get('a/b')).rejects.toMatchObject({ code: 'CONNECTION' });
  await chmod(join(directory, 'a'), 0o700);
});

test('a hanging disk ends in TimeoutError and undoes no later put', async ({ directory }) => {
  let resume: (() => void) | undefined;
  const fs: FileSystem = {
    ...nodeFileSystem,
    makeDirectory: async (path) => {
      if (!resume) await new Promise<void>((done) => (resume = done));
      await nodeFileSystem.makeDirectory(path);
    },
  };
  const store = new DirectoryObjectStore(directory, { fs, timeoutMs: 50, maxAttempts: 1 });
  await expect(store.put('a', BYTES)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
  await store.put('a', Uint8Array.of(9));
  resume!();
  await new Promise((done) => setTimeout(done, 50));
  expect(await store.get('a')).toEqual(Uint8Array.of(9));
  expect(await readdir(directory)).toEqual(['a']);
});
