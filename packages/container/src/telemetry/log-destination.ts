import { hostname } from 'node:os';
import type { TelemetryConfig } from '@quantumtrade/dal-config';
import { ConfigError } from '@quantumtrade/dal-config';
import {
  connectLogs,
  fileDestination,
  LogQueue,
  standardDestination,
  type LogDestination,
} from '@quantumtrade/dal-exporters';
import { backgroundClock } from '@quantumtrade/dal-runtime';

/** Opens the configured destination of log lines; undefined for `none`. */
export async function openLogDestination(
  config: TelemetryConfig['logs'],
): Promise<LogDestination | undefined> {
  const { destination, file, cloudwatch } = config;
  switch (destination) {
    case 'none':
      return undefined;
    case 'stdout':
      return standardDestination(1);
    case 'stderr':
      return standardDestination(2);
    case 'file':
      return fileDestination(file);
    case 'cloudwatch': {
      if (!cloudwatch) {
        const reason = 'must be given for the destination cloudwatch';
        throw new ConfigError({
          key: 'telemetry.logs.cloudwatch',
          reason,
          source: 'telemetry.logs.destination',
        });
      }
      const { group, stream = `${hostname()}/${process.pid}`, ...options } = cloudwatch;
      return new LogQueue(await connectLogs({ group, stream }, options), backgroundClock);
    }
  }
}
