import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretError, type SecretSource } from './secret-source.js';
import type { AwsSettings } from './settings.js';

const PACKAGE = '@aws-sdk/client-secrets-manager';

/** Names of secrets, and their ARNs. */
const NAME = /^[\w/+=.@!:-]{1,2048}$/;

const DENIED =
  'access was denied: the role needs secretsmanager:GetSecretValue, and kms:Decrypt for a key of your own';
const THROTTLED = 'AWS Secrets Manager throttles the requests';
const LOGIN = 'AWS refuses the credentials';
const UNAVAILABLE = 'AWS Secrets Manager failed';
const NO_CREDENTIALS = 'no AWS credentials were found';
const UNREACHABLE = 'AWS Secrets Manager cannot be reached';

/** Reasons by the names of the SDK's and the service's errors, and by the codes of socket errors. Messages are not quoted. */
const REASONS: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'there is no such secret in this account and region',
  AccessDeniedException: DENIED,
  DecryptionFailure: DENIED,
  InvalidRequestException: 'the secret is marked for deletion, or has no current value',
  InvalidParameterException: 'AWS refuses the name',
  ValidationException: 'AWS refuses the name',
  ThrottlingException: THROTTLED,
  TooManyRequestsException: THROTTLED,
  LimitExceededException: THROTTLED,
  UnrecognizedClientException: LOGIN,
  InvalidClientTokenId: LOGIN,
  InvalidSignatureException: LOGIN,
  IncompleteSignature: LOGIN,
  ExpiredTokenException: LOGIN,
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  InternalServiceError: UNAVAILABLE,
  ServiceUnavailableException: UNAVAILABLE,
  TimeoutError: `${UNREACHABLE} (timeout)`,
};

/**
 * Fetches secrets from AWS Secrets Manager: the current version, `AWSCURRENT`. The AWS SDK is loaded with the first secret; it is an
 * optional peer.
 */
export class AwsSource implements SecretSource {
  readonly #settings: AwsSettings;
  #client: Promise<SecretsManagerClient> | undefined;

  constructor(settings: AwsSettings) {
    this.#settings = settings;
  }

  async fetch(name: string, abortSignal: AbortSignal): Promise<string> {
    if (!NAME.test(name)) throw new SecretError('expected the name or the ARN of a secret');
    const { GetSecretValueCommand } = await loadSdk();
    const client = await (this.#client ??= this.#connect());
    let answer;
    try {
      answer = await client.send(new GetSecretValueCommand({ SecretId: name }), { abortSignal });
    } catch (error) {
      throw new SecretError(reasonOf(error));
    }
    if (answer.SecretString === undefined) {
      throw new SecretError('the secret is binary; expected text');
    }
    return answer.SecretString;
  }

  async #connect(): Promise<SecretsManagerClient> {
    const { region, endpoint } = this.#settings;
    const { SecretsManagerClient } = await loadSdk();
    return new SecretsManagerClient({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
    });
  }
}

async function loadSdk() {
  try {
    return await import('@aws-sdk/client-secrets-manager');
  } catch {
    throw new SecretError(`the AWS SDK is not installed; install it by "npm install ${PACKAGE}"`);
  }
}

function reasonOf(error: unknown): string {
  const { name, message } = Object(error) as { name?: unknown; message?: unknown };
  if (message === 'Region is missing')
    return 'the AWS region is missing: set secrets.aws.region or AWS_REGION';
  const known = REASONS[String(name)];
  if (known !== undefined) return known;
  // The SDK may wrap the error of a socket, and then leaves its code in the message alone.
  const [code] = /\bE(?:AI_)?[A-Z]{4,}\b/.exec(String(message)) ?? [];
  if (code !== undefined) return `${UNREACHABLE} (${code})`;
  return `${UNAVAILABLE} (${/^\w{1,60}$/.test(String(name)) ? String(name) : 'unknown error'})`;
}
