import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/** Project outside the workspace that installs packages from the registry as a user's project does. */
export class Consumer {
  constructor(directory, root, env) {
    this.directory = directory;
    this.root = root;
    this.env = env;
    mkdirSync(directory, { recursive: true });
    this.write('package.json', JSON.stringify({ private: true, type: 'module' }));
  }

  write(file, text) {
    writeFileSync(join(this.directory, file), text);
  }

  async install(names) {
    await run('npm', ['install', '--prefer-offline', ...names], { cwd: this.directory, env: this.env });
  }

  /** Returns the size of all installed packages, in MB. */
  async installedMegabytes() {
    return Number((await run('du', ['-sk', 'node_modules'], { cwd: this.directory })).split('\t')[0]) / 1024;
  }

  /** Imports and requires each package, and fails where the two differ. */
  async load(names) {
    this.write(
      'load.mjs',
      `import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       for (const name of ${JSON.stringify(names)}) {
         const imported = Object.keys(await import(name));
         const required = Object.keys(require(name)).filter((key) => key !== '__esModule');
         if (imported.join() !== required.join()) throw new Error(name + ' differs when it is required');
       }`,
    );
    await run('node', ['load.mjs'], { cwd: this.directory });
  }

  /** Checks the packages' declarations and a program against them, as modules of every kind. */
  async typecheck(names, program) {
    const imports = names
      .map((name, i) => `import * as package${i} from '${name}';\nvoid package${i};`)
      .join('\n');
    const requires = names
      .map((name, i) => `import package${i} = require('${name}');\nvoid package${i};`)
      .join('\n');
    this.write('imports.ts', `${imports}\nexport {};\n`);
    this.write('requires.cts', `${requires}\n`);
    this.write('program.ts', program);
    const options = {
      target: 'es2023',
      lib: ['es2023'],
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(this.root, 'node_modules/@types')],
    };
    const check = async (name, compilerOptions, files) => {
      this.write(
        `${name}.json`,
        JSON.stringify({ compilerOptions: { ...options, ...compilerOptions }, files }),
      );
      await run(join(this.root, 'node_modules/.bin/tsc'), ['-p', `${name}.json`], { cwd: this.directory });
    };
    await check('nodenext', { module: 'nodenext' }, ['imports.ts', 'requires.cts', 'program.ts']);
    await check('bundler', { module: 'esnext', moduleResolution: 'bundler' }, ['imports.ts', 'program.ts']);
  }

  /** Runs a TypeScript program without types, and returns what it prints. */
  async run(program) {
    this.write('program.mjs', program);
    return run('node', ['program.mjs'], { cwd: this.directory });
  }
}

/** Returns the first example of the README. */
export function readmeExample(root) {
  return /^```ts\n(.*?)^```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8'))[1];
}
