import { chmod, lstat, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

const GROUP_AND_OTHERS = 0o077;
/** Set on directories that users share by design, such as `/tmp`. */
const STICKY = 0o1000;
/** Paths that were warned about. */
const warned = new Set<string>();
/** Default folder of the data layer's files. */
const OWN_FOLDER = '.qtdal';

/**
 * Restricts a file or directory to its owner. Warns once, by `process.emitWarning`, when the path belongs to another user or is
 * shared by design. A missing path and a link to a file are ignored.
 */
export async function restrictAccess(path: string): Promise<void> {
  const found = await statsOf(path);
  if (found === undefined || (found.mode & GROUP_AND_OTHERS) === 0 || process.getuid === undefined) return;
  if (found.uid === process.getuid() && (found.mode & STICKY) === 0) {
    const isRestricted = await chmod(path, found.isDirectory() ? 0o700 : 0o600).then(
      () => true,
      () => false,
    );
    if (isRestricted) return;
  }
  if (warned.has(path)) return;
  warned.add(path);
  process.emitWarning(
    `other users have access to ${path}; it should be accessible to this process's user alone`,
    {
      code: 'QTDAL_EXPOSED',
    },
  );
}

/** Restricts a directory as {@link restrictAccess} does, and its parents up to a folder called `.qtdal` if there is one. */
export async function restrictDirectory(path: string): Promise<void> {
  for (const directory of upToOwnFolder(resolve(path))) await restrictAccess(directory);
}

function upToOwnFolder(path: string): string[] {
  const directories: string[] = [];
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    directories.push(at);
    if (basename(at) === OWN_FOLDER) return directories;
  }
  return [path];
}

/** Returns undefined when the path cannot be inspected: opening it reports the reason. */
async function statsOf(path: string) {
  try {
    const found = await lstat(path);
    if (!found.isSymbolicLink()) return found;
    const target = await stat(path);
    return target.isDirectory() ? target : undefined;
  } catch {
    return undefined;
  }
}
