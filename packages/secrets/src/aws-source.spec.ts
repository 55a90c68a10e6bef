import { inspect } from 'node:util';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CREDENTIALS, AWS_REGION, FakeSecretsManager } from '@quantumtrade/dal-testing/aws';
import { mockClient } from 'aws-sdk-client-mock';
import { AwsSource } from './aws-source.js';

const { signal } = new AbortController();
const NO_FILES = { AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' };
const before = { ...process.env };

let server: FakeSecretsManager;
beforeAll(async () => {
  server = await FakeSecretsManager.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  Object.assign(process.env, NO_FILES, {
    AWS_ACCESS_KEY_ID: AWS_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: AWS_CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(() => {
  process.env = { ...before };
});

const source = (more = {}) => new AwsSource({ region: AWS_REGION, endpoint: server.endpoint, ...more });

it('the current version of a secret is fetched with a signed request', async () => {
  server.answer = (name) => ({ SecretString: `{"password":"${name}"}` });
  expect(await source().fetch('prod/db', signal)).toBe('{"password":"prod/db"}');
});

it('region and endpoint come from the environment of the SDK', async () => {
  server.answer = () => ({ SecretString: 'text' });
  process.env['AWS_REGION'] = AWS_REGION;
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = server.endpoint;
  expect(await source({ region: undefined, endpoint: undefined }).fetch('prod/db', signal)).toBe('text');
});

it.each([
  ['ResourceNotFoundException', 'there is no such secret in this account and region'],
  [
    'AccessDeniedException',
    'access was denied: the role needs secretsmanager:GetSecretValue, and kms:Decrypt for a key of your own',
  ],
  ['InvalidRequestException', 'the secret is marked for deletion, or has no current value'],
  ['UnrecognizedClientException', 'AWS refuses the credentials'],
  ['SomethingNewException', 'AWS Secrets Manager failed (SomethingNewException)'],
])('the error %s is explained without its message', async (error, reason) => {
  server.answer = () => ({ error, message: 'hunter2' });
  await expect(source().fetch('prod/db', signal)).rejects.toMatchObject({ name: 'SecretError', reason });
});

it('throttled requests are repeated, and then explained', async () => {
  let count = 0;
  server.answer = () => (++count < 3 ? { error: 'ThrottlingException' } : { SecretString: 'text' });
  expect(await source().fetch('prod/db', signal)).toBe('text');
  server.answer = () => ({ error: 'ThrottlingException' });
  await expect(source().fetch('prod/db', signal)).rejects.toMatchObject({
    reason: 'AWS Secrets Manager throttles the requests',
  });
});

it('a binary secret is refused', async () => {
  server.answer = () => ({ SecretBinary: 'aHVudGVyMg==' });
  await expect(source().fetch('prod/db', signal)).rejects.toMatchObject({
    reason: 'the secret is binary; expected text',
  });
});

it('a wrong key of the client is explained without showing it', async () => {
  process.env['AWS_SECRET_ACCESS_KEY'] = 'CANARY-other';
  server.answer = () => ({ SecretString: 'text' });
  const error: unknown = await source()
    .fetch('prod/db', signal)
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ reason: 'AWS refuses the credentials' });
  expect(inspect(error)).not.toContain('CANARY');
});

it('missing credentials are explained', async () => {
  delete process.env['AWS_ACCESS_KEY_ID'];
  await expect(source().fetch('prod/db', signal)).rejects.toMatchObject({
    reason: 'no AWS credentials were found',
  });
});

it('a missing region is explained', async () => {
  delete process.env['AWS_REGION'];
  await expect(source({ region: undefined }).fetch('prod/db', signal)).rejects.toMatchObject({
    reason: 'the AWS region is missing: set secrets.aws.region or AWS_REGION',
  });
});

it('a service that cannot be reached is explained', async () => {
  await expect(source({ endpoint: 'http://127.0.0.1:9' }).fetch('prod/db', signal)).rejects.toMatchObject({
    reason: 'AWS Secrets Manager cannot be reached (ECONNREFUSED)',
  });
});

it('a text that names no secret is refused before anything is sent', async () => {
  server.asked.length = 0;
  await expect(source().fetch('prod db', signal)).rejects.toMatchObject({
    reason: 'expected the name or the ARN of a secret',
  });
  expect(server.asked).toEqual([]);
});

it('a fetch ends with its signal', async () => {
  server.answer = () => undefined;
  const controller = new AbortController();
  const fetching = source().fetch('prod/db', controller.signal);
  controller.abort();
  await expect(fetching).rejects.toThrow();
});

it('only the value of the named secret is asked for', async () => {
  const mock = mockClient(SecretsManagerClient);
  mock.on(GetSecretValueCommand).resolves({ SecretString: 'text' });
  await source().fetch('prod/db', signal);
  expect(mock.calls().map(({ args: [command] }) => command.input)).toEqual([{ SecretId: 'prod/db' }]);
  mock.restore();
});
