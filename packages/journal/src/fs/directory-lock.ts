import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JournalError, systemCode } from '../journal-error.js';
import type { DirectoryLock } from './journal-fs.js';

const held = /^lock-(\d+)-.*\.sock$/;
const taking = /^taking-.*\.sock$/;
const attempts = 8;

/** The operating system's limit for a socket's path is 104 bytes at the least, and a longer one is cut off silently. */
const longestPath = 100;

/**
 * Takes the directory by listening on a Unix socket in it. The kernel stops listening when the process ends, however it
 * ends, so a dead holder's socket refuses connections and a living one's accepts them: no process id is compared.
 *
 * Each taker shows its own socket, under a name never used again, before it looks at the others', so of two takers at
 * least one sees the other alive and steps back. A dead socket stays dead, so anyone may remove it.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = await shortPath(resolve(directory));
  try {
    for (let attempt = 1; ; attempt++) {
      const outcome = await tryLock(path.directory);
      if ('release' in outcome) return { release: () => outcome.release(directory) };
      if (attempt === attempts) {
        throw new JournalError('LOCKED', `Journal ${directory} is in use by process ${outcome.holder}`);
      }
      await delay(10 + Math.random() * 40);
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
    await unlinkIfThere(join(base, own));
  };
  try {
    await chmod(join(directory, `taking-${unique}`), 0o600);
    // Bound and listening are two steps: only a listening socket may be seen under a lock's name.
    await rename(join(directory, `taking-${unique}`), join(directory, own));
    const others = (await readdir(directory)).filter((name) => name !== own);
    for (const name of others.filter((name) => held.test(name))) {
      if (await isAlive(join(directory, name))) {
        await release(directory);
        return { holder: held.exec(name)![1]! };
      }
      await unlinkIfThere(join(directory, name));
    }
    await Promise.all(
      others.filter((name) => taking.test(name)).map((name) => unlinkIfThere(join(directory, name))),
    );
    return { release };
  } catch (error) {
    await release(directory);
    // A holder swept the socket away before it had its name.
    if (systemCode(error) === 'ENOENT') return { holder: 'unknown' };
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

/** Whether a process listens there. A holder too busy to accept counts as alive. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((done) => {
    const connection = connect(path);
    connection.once('connect', () => {
      connection.destroy();
      done(true);
    });
    connection.once('error', (error) => done(!['ECONNREFUSED', 'ENOENT'].includes(systemCode(error) ?? '')));
  });
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

/** The directory under a name short enough for sockets. */
async function shortPath(directory: string): Promise<{ directory: string; dispose(): Promise<void> }> {
  const longestName = 'taking-4194304-00000000-0000.sock';
  if (Buffer.byteLength(join(directory, longestName)) <= longestPath) {
    return { directory, dispose: async () => undefined };
  }
  const alias = await mkdtemp(join(tmpdir(), 'qtdal-'));
  await symlink(directory, join(alias, 'd'));
  return { directory: join(alias, 'd'), dispose: () => rm(alias, { recursive: true }) };
}
