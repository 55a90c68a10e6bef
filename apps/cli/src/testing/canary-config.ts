import { join } from 'node:path';
import { AWS_CREDENTIALS, AWS_REGION } from '@quantumtrade/dal-testing/aws';

/** Secrets of a test that must not be shown anywhere. */
export const CANARIES = {
  clickhouse: 'CANARY-clickhouse-4f1c',
  redis: 'CANARY-redis-8a20',
  sentinel: 'CANARY-sentinel-77b3',
  audit: 'CANARY-audit-0e9d',
  /** A value that a source holds, and which is never in use. */
  unused: 'CANARY-unused-c6d5',
  awsKey: AWS_CREDENTIALS.secretAccessKey,
};

export interface Addresses {
  readonly clickhouse: string;
  readonly redis: string;
  /** More of the table `[redis]`, and tables below it. @default none */
  readonly more?: string;
}

/** Returns a configuration with canaries whose calls fail soon, and which keeps its files in a directory. */
export function canaryConfig(
  directory: string,
  awsEndpoint: string,
  { clickhouse, redis, more = '' }: Addresses,
  password = CANARIES.clickhouse,
): string {
  return `[clickhouse]
    url = "${clickhouse}"
    username = "ann"
    password = "${password}"
    connection_timeout = 0.3
    request_timeout = 0.5
    drain_timeout = 0.1
    [clickhouse.retry]
    max_attempts = 2
    initial_delay_ms = 1
    [writer]
    directory = "${join(directory, 'writer')}"
    [audit]
    directory = "${join(directory, 'audit')}"
    key = "${CANARIES.audit}"
    [secrets]
    timeout = 0.5
    rotation_grace = 0.3
    [secrets.aws]
    region = "${AWS_REGION}"
    endpoint = "${awsEndpoint}"
    [redis]
    url = "${redis}"
    username = "nobody"
    password = "${CANARIES.redis}"
    connection_timeout = 0.3
    command_timeout = 0.3
    ${more}`;
}
