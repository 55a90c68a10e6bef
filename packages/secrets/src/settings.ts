import type { SettingsOf } from '@quantumtrade/dal-runtime';

const AWS_SETTINGS = {
  /** The region, e.g. `eu-central-1`. Without it, that of the AWS SDK's environment and profile. */
  region: { kind: 'text' },
  /** Address of the service. Without it, that of the AWS SDK's environment and profile, else the public one of the region. */
  endpoint: { kind: 'url', schemes: ['https', 'http'] },
} as const;

/** How secrets that the configuration refers to are fetched and kept current. */
export const SECRETS_SETTINGS = {
  /** Age before which a value in use is fetched again in the background. The last value stays in use while that fails. */
  lifetimeMs: { kind: 'duration', default: 300_000, inFile: 'seconds' },
  /** Time limit of fetching a value. */
  timeoutMs: { kind: 'duration', default: 5_000, inFile: 'seconds' },
  /**
   * Time for which a refused login is repeated with the newest value: a rotation changes the server and the secret one after the
   * other.
   */
  rotationGraceMs: { kind: 'duration', default: 5_000, inFile: 'seconds' },
  /** AWS Secrets Manager. Credentials are those of the AWS SDK's usual chain. */
  aws: { kind: 'group', settings: AWS_SETTINGS },
} as const;

/** The settings with their defaults. */
export type SecretsSettings = SettingsOf<typeof SECRETS_SETTINGS>;
export type AwsSettings = SecretsSettings['aws'];
