import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The engine has no build for this machine, or its package is not installed. */
export class UnsupportedPlatformError extends Error {
  constructor(readonly platform: string) {
    super(
      `The embedded ClickHouse has no engine for ${platform}: the npm package @chdb/lib-${platform} is missing. ` +
        'It exists for linux-x64-gnu, linux-arm64-gnu, darwin-x64 and darwin-arm64; reinstall with optional ' +
        'dependencies there, or set CLICKHOUSE_URL to the address of a ClickHouse server.',
    );
    this.name = 'UnsupportedPlatformError';
  }
}

/** Properties of a machine that select the engine's build. */
export interface EngineMachine {
  platform: string;
  arch: string;
  /** Whether Linux runs on glibc; the engine does not run on musl. */
  glibc: boolean;
}

const thisMachine = (): EngineMachine => ({
  platform: process.platform,
  arch: process.arch,
  glibc: 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header,
});

const require = createRequire(import.meta.url);

/** Returns the path of the engine's shared library. Throws {@link UnsupportedPlatformError} on a machine without a build. */
export function engineLibrary(machine: EngineMachine = thisMachine()): string {
  const libc = machine.platform === 'linux' ? (machine.glibc ? '-gnu' : '-musl') : '';
  const name = `${machine.platform}-${machine.arch}${libc}`;
  try {
    const ofChdb = createRequire(require.resolve('chdb/package.json'));
    return join(dirname(ofChdb.resolve(`@chdb/lib-${name}/package.json`)), 'libchdb.so');
  } catch {
    throw new UnsupportedPlatformError(name);
  }
}
