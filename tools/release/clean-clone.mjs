import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { publishedFolders } from './packages.mjs';
import { run } from './run.mjs';

const AUTHOR = ['-c', 'user.name=release-check', '-c', 'user.email=release-check@localhost'];
const SCOPE = '@quantumtrade';

/** Clones the committed state, links the installed dependencies and adds a version plan if there is none. */
export async function cleanClone(root, directory) {
  await run('git', ['clone', '--quiet', '--local', root, directory], { cwd: root });
  appendFileSync(join(directory, '.git/info/exclude'), 'node_modules\n'); // links are no folders
  linkDependencies(root, directory);
  const plans = join(directory, '.nx/version-plans');
  if (!existsSync(plans) || !readdirSync(plans).some((name) => name.endsWith('.md'))) {
    mkdirSync(plans, { recursive: true });
    writeFileSync(join(plans, 'release-check.md'), '---\n__default__: patch\n---\n\nRelease check.\n');
    await run('git', ['add', '.'], { cwd: directory });
    await run('git', [...AUTHOR, 'commit', '--quiet', '-m', 'Version plan'], { cwd: directory });
  }
}

/** Links each installed dependency; packages of the workspace come from the clone. */
function linkDependencies(root, directory) {
  const from = join(root, 'node_modules');
  const to = join(directory, 'node_modules');
  const link = (name, target = join(from, name)) => {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    symlinkSync(target, join(to, name));
  };
  for (const name of readdirSync(from)) {
    if (name === SCOPE) {
      for (const own of readdirSync(join(from, SCOPE))) {
        link(join(SCOPE, own), readlinkSync(join(from, SCOPE, own)));
      }
    } else if (name === '.bin' || !name.startsWith('.')) link(name);
  }
  for (const folder of publishedFolders(root)) {
    const nested = join(root, folder, 'node_modules');
    if (existsSync(nested)) symlinkSync(nested, join(directory, folder, 'node_modules'));
  }
}
