import type { TestRunner } from '../runner.js';
import { featureMetadataTests } from './feature-metadata.js';
import { featurePagingTests } from './feature-paging.js';
import { featureReadingTests } from './feature-reading.js';
import { featureWritingTests } from './feature-writing.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject } from './subject.js';

/** Tests `FeatureRepository`. */
export function featureSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'features', (backend) => {
    featureWritingTests(runner, backend);
    featureReadingTests(runner, backend);
    featureMetadataTests(runner, backend);
    featurePagingTests(runner, backend);
  });
}
