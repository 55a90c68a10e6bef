/** Finds links and paths in Markdown that name no file of the repository. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const LINK = /\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)/g;
/** A path in code from the root of the repository, without placeholders. */
const PATH =
  /`((?:packages|apps|tools|docs|migrations|examples)\/[\w./-]+)`|(?<![\w/(`])(docs\/adr\/\d{4})\b/g;

/** Returns the paths that a Markdown text names, relative to the root. */
function pathsIn(text, directory) {
  const links = [...text.matchAll(LINK)].map(([, path]) => join(directory, path));
  const paths = [...text.matchAll(PATH)].map(([, path, decision]) => path ?? decision);
  return [...new Set([...links, ...paths])];
}

/** Reports links and paths in Markdown files to files that are missing. `docs/adr/0001` stands for the file that begins with it. */
export function checkLinks({ root }) {
  const list = (pattern) =>
    execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', pattern], {
      cwd: root,
      encoding: 'utf8',
    })
      .split('\n')
      .filter((path) => path !== '' && existsSync(resolve(root, path)));
  const decisions = list('docs/adr/*.md');
  const exists = (path) =>
    existsSync(resolve(root, path)) ||
    (/\d{4}$/.test(path) && decisions.some((file) => file.startsWith(path)));
  return list('*.md').flatMap((file) =>
    pathsIn(readFileSync(resolve(root, file), 'utf8'), dirname(file))
      .filter((path) => !exists(path))
      .map((path) => `${file} names ${path}, which is missing`),
  );
}
