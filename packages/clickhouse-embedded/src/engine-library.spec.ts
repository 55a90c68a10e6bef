import { existsSync } from 'node:fs';
import { engineLibrary, UnsupportedPlatformError } from './engine-library.js';

it('engine of this machine is found', () => {
  expect(existsSync(engineLibrary())).toBe(true);
});

it.each([
  ['win32', 'x64', false, 'win32-x64'],
  ['linux', 'x64', false, 'linux-x64-musl'],
  ['linux', 'riscv64', true, 'linux-riscv64-gnu'],
])('error names the missing package on %s %s with glibc %s', (platform, arch, glibc, name) => {
  const find = () => engineLibrary({ platform, arch, glibc });
  expect(find).toThrow(UnsupportedPlatformError);
  expect(find).toThrow(`@chdb/lib-${name} is missing`);
  expect(find).toThrow('set CLICKHOUSE_URL to the address of a ClickHouse server');
});
