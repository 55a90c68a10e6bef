import { loadPeer } from '@quantumtrade/dal-runtime';
import { clientOptions, type AwsOptions } from './aws-options.js';
import type { Datum } from './datums.js';

/** Part of CloudWatch that is used. */
export interface MetricsApi {
  put(datums: readonly Datum[], at: Date): Promise<void>;
  close(): void;
}

const PACKAGE = '@aws-sdk/client-cloudwatch';

/** Connects to CloudWatch through the SDK of AWS, which repeats throttled calls. */
export async function connectMetrics(namespace: string, options: AwsOptions): Promise<MetricsApi> {
  const sdk = await loadPeer(
    PACKAGE,
    () => import('@aws-sdk/client-cloudwatch'),
    'the export of metrics to cloudwatch',
  );
  const client = new sdk.CloudWatchClient(clientOptions(options));
  return {
    async put(datums, at) {
      const MetricData = datums.map(({ name, unit, dimensions, value }) => ({
        MetricName: name,
        Unit: unit,
        Timestamp: at,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        ...(typeof value === 'number'
          ? { Value: value }
          : { Values: [...value.values], Counts: [...value.counts] }),
      }));
      await client.send(new sdk.PutMetricDataCommand({ Namespace: namespace, MetricData }));
    },
    close: () => client.destroy(),
  };
}
