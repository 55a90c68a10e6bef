import { bars } from '@quantumtrade/dal-testing/records';
import { completeWriterOptions } from './batch-writer-options.js';
import { writerHarness } from './testing/writer-harness.js';

it.each<[string, unknown[]]>([
  ['maxRows', [0, 1.5, NaN, Infinity, '5', null, 5n]],
  ['maxBytes', [-1, '16MB']],
  ['maxInFlight', [NaN, 0.5]],
  ['maxPendingBytes', [0, Infinity]],
  ['maxAgeMs', [-1, 0.5, NaN, Infinity, '20', null]],
  ['durability', ['journaled', 'Journaled', '', null, true]],
  ['onProgress', [1, 'log', null]],
  ['onEvent', [{}]],
  ['clock', [null, 5, {}]],
  ['retry', [null, 5]],
  ['maxRow', [5]],
])('openBatchWriter refuses a wrong or unknown option by name: %s', (name, values) => {
  const refusal = expect.objectContaining({ code: 'VALIDATION', field: name });
  for (const value of values) expect(writerHarness({ [name]: value }).open).toThrow(refusal);
});

it.each([
  [new Map([['maxRows', 5]])],
  [Object.create({ durability: 'journaled' }) as object],
  [
    new (class {
      get maxRows() {
        return 5;
      }
    })(),
  ],
])('completeWriterOptions refuses options that are inherited: %p', (options) => {
  const refusal = expect.objectContaining({ code: 'VALIDATION', field: 'options' });
  expect(() => completeWriterOptions(options)).toThrow(refusal);
});

it.each<[string, unknown[]]>([
  ['maxAttempts', [0, 1.5, NaN, '3', null]],
  ['backoffMultiplier', [0.5, 0, NaN, Infinity, '2', null]],
  ['initialDelayMs', [-1, NaN, Infinity, '100', 1.5]],
  ['maxDelayMs', [-1, NaN, null]],
  ['random', [0.5]],
  ['maxDelay', [5]],
])('openBatchWriter refuses a wrong or unknown retry option by name: %s', (name, values) => {
  const refusal = expect.objectContaining({ code: 'VALIDATION', field: `retry.${name}` });
  for (const value of values) expect(writerHarness({ retry: { [name]: value } }).open).toThrow(refusal);
});

it.each([NaN, '2030-01-01', null, new Date(), 5n])('every method refuses the deadline %p', async (given) => {
  const { open, stored } = writerHarness();
  const writer = open();
  const options = { deadline: given as number };
  const refusal = expect.objectContaining({ code: 'VALIDATION', field: 'deadline' });
  await expect(writer.write('marketData', bars(['A']), options)).rejects.toEqual(refusal);
  await expect(writer.writeAll('marketData', [bars(['A'])], options)).rejects.toEqual(refusal);
  await expect(writer.close(options)).rejects.toEqual(refusal);
  expect(() => writer.stream('marketData', options)).toThrow(refusal);
  expect(await stored()).toEqual([]);
});

it('methods refuse unknown keys and arguments of wrong types by name', async () => {
  const writer = writerHarness().open();
  const refuses = async (call: () => unknown, field: string) =>
    expect(async () => call()).rejects.toMatchObject({ code: 'VALIDATION', field });
  await refuses(() => writer.write('marketData', bars(['A']), { deadlin: 1 } as object), 'deadlin');
  await refuses(() => writer.writeAll('marketData', [], { onProgres: () => 0 } as object), 'onProgres');
  await refuses(() => writer.close({ signal: new AbortController().signal } as object), 'signal');
  await refuses(() => writer.writeAll('marketData', 5 as never), 'batches');
  await refuses(() => writer.write(Symbol('record') as never, bars(['A']) as never), 'record');
  await refuses(() => writer.write('marketData', bars(['A']), null as never), 'options');
});
