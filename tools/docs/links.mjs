/** Fails when a relative link of a Markdown file, or a reference like `docs/adr/0012`, names no file of the repository. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const files = execFileSync('git', ['ls-files', '*.md', '*.ts', '*.mjs', '*.sql'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const decisions = new Set(readdirSync('docs/adr').map((name) => name.slice(0, 4)));
const problems = [];

for (const file of files) {
  const text = readFileSync(file, 'utf8');
  for (const [, number] of text.matchAll(/docs\/adr\/(\d{4})/g)) {
    if (!decisions.has(number)) problems.push(`${file}: docs/adr/${number} does not exist`);
  }
  if (!file.endsWith('.md')) continue;
  for (const [, link] of text.replace(/^```.*?^```/gms, '').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
    if (/^[a-z]+:/.test(link) || existsSync(join(dirname(file), link))) continue;
    problems.push(`${file}: ${link} does not exist`);
  }
  for (const [, path] of text.matchAll(
    /`((?:packages|apps|tools|migrations|docs)\/[\w./-]+\.(?:ts|mjs|md|toml))`/g,
  )) {
    if (!existsSync(path)) problems.push(`${file}: ${path} does not exist`);
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
