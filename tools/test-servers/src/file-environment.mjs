import { TestEnvironment } from 'jest-environment-node';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Storages that hold contexts of the current file. Node visits each of them at every promise until it is disabled, and jest alone adds one
 * for each file.
 */
const storages = new Set();
for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    storages.add(this);
    return original.apply(this, args);
  };
}

const temporary = tmpdir();

/** Node's environment, which also ends the asynchronous contexts of its file, and removes what the file leaves in the temporary folder. */
export default class FileEnvironment extends TestEnvironment {
  constructor(config, context) {
    const folder = mkdtempSync(join(temporary, 'test-'));
    process.env.TMPDIR = folder;
    super(config, context);
    this.folder = folder;
  }

  async teardown() {
    for (const storage of storages) storage.disable();
    storages.clear();
    await super.teardown();
    process.env.TMPDIR = temporary;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
