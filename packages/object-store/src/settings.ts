import type { SettingsOf } from '@quantumtrade/dal-runtime';

/** Texts that name a directory or a bucket. */
export const STORE_URL = {
  matches: /^(?:file:\/\/\/\S+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[\w-][\w.-]*)*)$/,
  described: 'file:///directory or s3://bucket/prefix',
} as const;

const S3_SETTINGS = {
  /** Address of S3, or of a service with its interface. Without it, that of the region. */
  endpoint: { kind: 'url', schemes: ['https', 'http'] },
  /** Region of the bucket. Without it, that of the AWS SDK's environment and profile, or `us-east-1` with an endpoint. */
  region: { kind: 'text' },
  /** Access key of S3. Without it, credentials are those of the AWS SDK's usual chain. */
  accessKeyId: { kind: 'secret' },
  /** Secret access key of S3. */
  secretAccessKey: { kind: 'secret' },
  /** Whether the name of the bucket is a part of the path and not of the host. */
  forcePathStyle: { kind: 'flag', default: false },
  /** Time for which the objects of a backup are locked, 0 for none. It needs a bucket with object lock. */
  retainDays: { kind: 'count', min: 0, default: 0, unit: 'days' },
  /** Mode of locks: `governance` lets users with a special right end them, `compliance` nobody. */
  lockMode: { kind: 'choice', values: ['governance', 'compliance'], default: 'governance' },
} as const;

const COPY_SETTINGS = {
  /** The second store, of the same form as `backup.url`. */
  url: { kind: 'text', pattern: STORE_URL, required: true },
  ...S3_SETTINGS,
} as const;

/** The object store of backups and archives. */
export const BACKUP_SETTINGS = {
  /** The store: `file:///directory`, or `s3://bucket/prefix`. */
  url: { kind: 'text', pattern: STORE_URL },
  ...S3_SETTINGS,
  /** Time limit of one attempt to read or write an object. */
  timeoutMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
  /** A second store, in another region for example, to which `qtdal backup copy` copies. */
  copy: { kind: 'group', settings: COPY_SETTINGS, optional: true },
} as const;

/** The settings with their defaults. */
export type BackupSettings = SettingsOf<typeof BACKUP_SETTINGS>;
