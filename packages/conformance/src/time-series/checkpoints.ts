import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, TRICKY_NAMES, uniqueName, untyped } from './subject.js';

/** Tests `CheckpointRepository`. */
export function checkpointSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'checkpoints', (backend) => {
    const { it, expect } = runner;

    it('load returns 0 for a new source', async () => {
      expect(await backend().checkpoints.load(uniqueName())).toBe(0);
    });

    it('load returns the position saved last, even a smaller one', async () => {
      const source = uniqueName();
      const { checkpoints } = backend();
      for (const position of [1, 5_105, 2 ** 40, Number.MAX_SAFE_INTEGER, 7, 0]) {
        await checkpoints.save(source, position);
        expect(await checkpoints.load(source)).toBe(position);
      }
    });

    it('stores one position per source, whatever its name', async () => {
      const { checkpoints } = backend();
      const sources = TRICKY_NAMES.map((name) => `data/${name} 2024.csv`);
      for (const [position, source] of sources.entries()) await checkpoints.save(source, position + 1);
      const loaded = await Promise.all(sources.map((source) => checkpoints.load(source)));
      expect(loaded).toEqual(sources.map((_, position) => position + 1));
    });

    it('save refuses an invalid position and keeps the stored one', async () => {
      const source = uniqueName();
      const { checkpoints } = backend();
      await checkpoints.save(source, 3);
      for (const position of [
        -1,
        0.5,
        NaN,
        Infinity,
        2 ** 53,
        untyped<number>('5'),
        untyped<number>(undefined),
      ]) {
        expect(await summaryOfRejection(() => checkpoints.save(source, position))).toEqual({
          code: 'VALIDATION',
          field: 'position',
        });
      }
      expect(await checkpoints.load(source)).toBe(3);
    });

    it('refuses an empty source id', async () => {
      const { checkpoints } = backend();
      const refusal = { code: 'VALIDATION', field: 'sourceId' };
      expect(await summaryOfRejection(() => checkpoints.load(''))).toEqual(refusal);
      expect(await summaryOfRejection(() => checkpoints.save('', 1))).toEqual(refusal);
    });
  });
}
