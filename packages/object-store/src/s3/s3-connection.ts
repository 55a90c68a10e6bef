import type { S3 } from '@aws-sdk/client-s3';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { loadPeer, type Cancel, type Secret } from '@quantumtrade/dal-runtime';
import type { CallDetails } from '../store-calls.js';
import { s3Error } from './s3-error.js';
import type { S3ConnectionOptions } from './s3-connection-options.js';

/** A request of the SDK, with options to pass to it. */
type S3Request<T> = (s3: S3, options: { abortSignal: AbortSignal }) => Promise<T>;

/** Sends a request of one call, with the attempts of the call. */
export type SendS3 = <T>(request: S3Request<T>) => Promise<T>;

const PACKAGE = '@aws-sdk/client-s3';

/** Connection to S3 through the SDK of AWS, which is loaded with the first request. It repeats requests only with other credentials. */
export class S3Connection {
  readonly #options: S3ConnectionOptions;
  readonly #secrets: readonly Secret[];
  readonly #unwatch: readonly Cancel[];
  #s3: Promise<S3> | undefined;

  constructor(options: S3ConnectionOptions) {
    const { accessKeyId, secretAccessKey } = options;
    this.#options = options;
    this.#secrets = accessKeyId && secretAccessKey ? [accessKeyId, secretAccessKey] : [];
    this.#unwatch = this.#secrets.map((secret) => secret.watch());
  }

  /** Sends a request. Rejects with the SDK's error. A refused login is repeated with newer credentials where there are some. */
  async send<T>(request: S3Request<T>, abortSignal: AbortSignal, details: CallDetails): Promise<T> {
    const s3 = await (this.#s3 ??= this.#connect(details));
    for (;;) {
      const sent = this.#secrets.map((secret) => secret.reveal());
      try {
        return await request(s3, { abortSignal });
      } catch (error) {
        if (s3Error(error, details).kind !== 'LOGIN_REFUSED') throw error;
        const renewals = this.#secrets.map((secret, i) => secret.renew(sent[i]!, abortSignal));
        if (!(await Promise.all(renewals)).includes(true)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    for (const unwatch of this.#unwatch) unwatch();
    (await this.#s3?.catch(() => undefined))?.destroy();
  }

  async #connect(details: CallDetails): Promise<S3> {
    const { endpoint, region = endpoint && 'us-east-1', forcePathStyle = false } = this.#options;
    const sdk = await loadPeer(PACKAGE, () => import('@aws-sdk/client-s3'), 'an object store in S3').catch(
      ({ message }: Error) => {
        throw new ConnectionError(message, { ...details, retryable: false });
      },
    );
    const [accessKeyId, secretAccessKey] = this.#secrets;
    return new sdk.S3({
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
      ...(accessKeyId &&
        secretAccessKey && {
          // What has expired is asked for again with each request, so that rotated secrets are used.
          credentials: async () => ({
            accessKeyId: accessKeyId.reveal(),
            secretAccessKey: secretAccessKey.reveal(),
            expiration: new Date(0),
          }),
        }),
      forcePathStyle,
      maxAttempts: 1,
    });
  }
}
