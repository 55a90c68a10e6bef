import { encodeFor } from '@quantumtrade/dal-domain';
import { featureKeyspace, featuresOf } from './values.js';

it("makes features that the data layer's own keyspace takes", () => {
  expect(JSON.stringify(encodeFor(featureKeyspace, featuresOf('AAPL')))).toBe(
    JSON.stringify(featuresOf('AAPL')),
  );
});
