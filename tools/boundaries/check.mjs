/** Checks the structure of the repository; `npm run boundaries` runs it. README.md beside this file lists the checks. */
import { checkCycles } from './cycles.mjs';
import { checkCallers, checkExportedNames } from './exports.mjs';
import { checkLayers } from './layers.mjs';
import { checkLinks } from './links.mjs';
import { createProgram, listSourceFiles } from './source-files.mjs';

const checks = {
  layers: checkLayers,
  cycles: checkCycles,
  names: checkExportedNames,
  callers: checkCallers,
  links: checkLinks,
};
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
const unknown = chosen.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0)
  throw new Error(`no check is named ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);

const root = process.cwd();
const sources = createProgram(root, listSourceFiles(root));

for (const name of chosen) {
  const findings = await checks[name](sources);
  for (const finding of findings) console.error(`${name}: ${finding}`);
  console.log(`${name}: ${findings.length === 0 ? 'passed' : `${findings.length} findings`}`);
  if (findings.length > 0) process.exitCode = 1;
}
