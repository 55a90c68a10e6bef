import { existsSync } from 'node:fs';
import { engineLibrary, UnsupportedPlatformError } from './engine-library.js';

it('finds the engine of this machine', () => {
  expect(existsSync(engineLibrary())).toBe(true);
});

it.each([
  ['win32', 'x64', false, 'win32-x64'],
  ['linux', 'x64', false, 'linux-x64-musl'],
  ['linux', 'riscv64', true, 'linux-riscv64-gnu'],
])('says what is missing on %s %s with glibc %s, and what to do instead', (platform, arch, glibc, name) => {
  const find = () => engineLibrary({ platform, arch, glibc });
  expect(find).toThrow(UnsupportedPlatformError);
  expect(find).toThrow(`@chdb/lib-${name} is missing`);
  expect(find).toThrow('set CLICKHOUSE_URL to the address of a ClickHouse server');
});
