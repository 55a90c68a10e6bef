import { loadPeer } from '@quantumtrade/dal-runtime';
import { clientOptions, type AwsOptions } from './aws-options.js';

/** A log line with its time. */
export interface LogEvent {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

/** Log group and stream that get the lines. */
export interface LogStreamName {
  readonly group: string;
  readonly stream: string;
}

/** Part of CloudWatch Logs that is used. */
export interface LogsApi {
  /** Returns the number of events that were refused for their time. */
  put(events: readonly LogEvent[]): Promise<number>;
  createStream(): Promise<void>;
  close(): void;
}

const PACKAGE = '@aws-sdk/client-cloudwatch-logs';

/** Connects to CloudWatch Logs through the SDK of AWS, which repeats throttled calls. */
export async function connectLogs(
  { group: logGroupName, stream: logStreamName }: LogStreamName,
  options: AwsOptions,
): Promise<LogsApi> {
  const sdk = await loadPeer(
    PACKAGE,
    () => import('@aws-sdk/client-cloudwatch-logs'),
    'the log destination cloudwatch',
  );
  const { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } = sdk;
  const client = new CloudWatchLogsClient(clientOptions(options));
  const name = { logGroupName, logStreamName };
  return {
    async put(events) {
      const { rejectedLogEventsInfo: refused = {} } = await client.send(
        new PutLogEventsCommand({ ...name, logEvents: [...events] }),
      );
      const { tooOldLogEventEndIndex = 0, expiredLogEventEndIndex = 0, tooNewLogEventStartIndex } = refused;
      const tooNew = events.length - (tooNewLogEventStartIndex ?? events.length);
      return Math.max(tooOldLogEventEndIndex, expiredLogEventEndIndex) + tooNew;
    },
    createStream: async () => void (await client.send(new CreateLogStreamCommand(name))),
    close: () => client.destroy(),
  };
}
