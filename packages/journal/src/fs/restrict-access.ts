import { chmod, lstat, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

const GROUP_AND_OTHERS = 0o077;
/** Set on directories that users share by design, such as `/tmp`. */
const STICKY = 0o1000;
/** Paths of which a warning was given; one is enough. */
const warned = new Set<string>();
/** The folder in which everything of the data layer is by default. */
const OWN_FOLDER = '.qtdal';

/**
 * Leaves access to a file or directory to its owner alone. Warns once, by `process.emitWarning`, where that is not possible: the
 * path belongs to another user, or to all. A missing path and a link to a file are left alone.
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

/** As {@link restrictAccess}, also for the directory's parents up to a folder called `.qtdal`, if one is among them. */
export async function restrictDirectory(path: string): Promise<void> {
  for (const directory of upToOwnFolder(resolve(path))) await restrictAccess(directory);
}

function upToOwnFolder(path: string): string[] {
  const passed: string[] = [];
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    passed.push(at);
    if (basename(at) === OWN_FOLDER) return passed;
  }
  return [path];
}

/** Undefined where nothing can be told: whoever opens the path is told why. */
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
