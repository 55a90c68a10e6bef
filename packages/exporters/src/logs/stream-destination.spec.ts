import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@quantumtrade/dal-testing';
import { fileDestination } from './stream-destination.js';

const directory = mkdtempSync(join(tmpdir(), 'log-destination-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('lines are in the file of a new folder once closed', async () => {
  const path = join(directory, 'new', 'a.log');
  const destination = await fileDestination(path);
  for (let n = 0; n < 1_000; n++) destination.write(`${n} ü\n`);
  await destination.close();
  expect(readFileSync(path, 'utf8')).toBe(Array.from({ length: 1_000 }, (_, n) => `${n} ü\n`).join(''));
  expect(destination.counts).toEqual({ exporter: 'file', failures: 0, dropped: 0 });
  expect(process.listenerCount('SIGHUP')).toBe(0);
});

it('a rotated file is left at SIGHUP', async () => {
  const path = join(directory, 'b.log');
  const destination = await fileDestination(path);
  destination.write('before\n');
  await until(() => readFileSync(path, 'utf8') === 'before\n');
  renameSync(path, `${path}.1`);
  process.emit('SIGHUP');
  destination.write('after\n');
  await destination.close();
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('before\n');
  expect(readFileSync(path, 'utf8')).toBe('after\n');
});

it('a file that cannot be opened is refused by name', async () => {
  await expect(fileDestination(directory)).rejects.toThrow(
    `the log file ${directory} cannot be opened (EISDIR)`,
  );
});
