import type { Secret } from '@quantumtrade/dal-runtime';

/** Address and credentials of S3; what is missing is found as the SDK of AWS finds it. */
export interface S3ConnectionOptions {
  /** Address of the service. @default that of the region */
  readonly endpoint?: string | undefined;
  /** @default that of the SDK's environment and profile; `us-east-1` with an endpoint */
  readonly region?: string | undefined;
  /** @default the SDK's chain of credentials */
  readonly accessKeyId?: Secret | undefined;
  readonly secretAccessKey?: Secret | undefined;
  /** Whether the name of the bucket is a part of the path, not of the host. @default false */
  readonly forcePathStyle?: boolean;
}
