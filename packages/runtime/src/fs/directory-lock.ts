import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sleep } from '../sleep.js';
import { DirectoryLockedError, type DirectoryLock } from './file-system.js';
import { errorCode, ignoreMissing } from './files.js';

const LOCK_NAME = /^lock-(\d+)-.*\.sock$/;
const UNFINISHED_NAME = /^taking-.*\.sock$/;
const MAX_ATTEMPTS = 8;

/** Smallest limit of an operating system is 104 bytes; longer socket paths are cut off without an error. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Locks a directory by listening on a Unix socket in it. The kernel stops listening when the process ends, however it ends:
 * the socket of a dead process refuses connections and that of a living one accepts them. No process ids are compared.
 *
 * Each process publishes its socket, under a name never used again, before it looks at the others, so of two processes at
 * least one sees the other and steps back. A dead socket stays dead, so every process may remove it.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = await shortPath(resolve(directory));
  try {
    for (let attempt = 1; ; attempt++) {
      const outcome = await tryLock(path.directory);
      if ('release' in outcome) return { release: () => outcome.release(directory) };
      if (attempt === MAX_ATTEMPTS) throw new DirectoryLockedError(directory, outcome.holder);
      await sleep(10 + Math.random() * 40);
    }
  } finally {
    await path.dispose();
  }
}

type Outcome = { holder: string } | { release(directory: string): Promise<void> };

async function tryLock(directory: string): Promise<Outcome> {
  const unique = `${process.pid}-${randomUUID().slice(0, 13)}.sock`;
  const own = `lock-${unique}`;
  const server = await listen(join(directory, `taking-${unique}`));
  const release = async (base: string) => {
    await new Promise((done) => server.close(done));
    await ignoreMissing(unlink(join(base, own)));
  };
  try {
    await chmod(join(directory, `taking-${unique}`), 0o600);
    // Bound and listening are two steps: only a listening socket may be visible under the name of a lock.
    await rename(join(directory, `taking-${unique}`), join(directory, own));
    const others = (await readdir(directory)).filter((name) => name !== own);
    for (const name of others.filter((name) => LOCK_NAME.test(name))) {
      if (await isAlive(join(directory, name))) {
        await release(directory);
        return { holder: LOCK_NAME.exec(name)![1]! };
      }
      await ignoreMissing(unlink(join(directory, name)));
    }
    const unfinished = others.filter((name) => UNFINISHED_NAME.test(name));
    await Promise.all(unfinished.map((name) => ignoreMissing(unlink(join(directory, name)))));
    return { release };
  } catch (error) {
    await release(directory);
    // Another process removed the socket before it was renamed.
    if (errorCode(error) === 'ENOENT') return { holder: 'unknown' };
    throw error;
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail).on('error', () => undefined);
      done(server.unref());
    });
  });
}

/** Whether a process listens on a socket. A process too busy to accept counts as alive. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((done) => {
    const connection = connect(path);
    connection.once('connect', () => {
      connection.destroy();
      done(true);
    });
    connection.once('error', (error) => done(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error) ?? '')));
  });
}

/** Returns a path of the directory that is short enough for sockets: its own, or that of a temporary link. */
async function shortPath(directory: string): Promise<{ directory: string; dispose(): Promise<void> }> {
  const longestName = 'taking-4194304-00000000-0000.sock';
  if (Buffer.byteLength(join(directory, longestName)) <= MAX_SOCKET_PATH_BYTES) {
    return { directory, dispose: async () => undefined };
  }
  const alias = await mkdtemp(join(tmpdir(), 'qtdal-'));
  await symlink(directory, join(alias, 'd'));
  return { directory: join(alias, 'd'), dispose: () => rm(alias, { recursive: true }) };
}
