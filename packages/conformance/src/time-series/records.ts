import type { TestRunner } from '../runner.js';
import { latestManyTests } from './latest-many.js';
import { pagingTests } from './paging.js';
import { readingTests } from './reading.js';
import { recordCases } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject } from './subject.js';
import { selectingTests } from './selecting.js';
import { streamingTests } from './streaming.js';
import { writingTests } from './writing.js';

/** Tests `insert` and `find` of every record in the registry whose batch has rows. */
export function recordSuite(runner: TestRunner, open: OpenTimeSeries): void {
  for (const tested of recordCases) {
    describeSubject(runner, open, `rows of ${tested.definition.name}`, (backend) => {
      writingTests(runner, tested, backend);
      readingTests(runner, tested, backend);
      pagingTests(runner, tested, backend);
      selectingTests(runner, tested, backend);
      streamingTests(runner, tested, backend);
      latestManyTests(runner, tested, backend);
    });
  }
}
