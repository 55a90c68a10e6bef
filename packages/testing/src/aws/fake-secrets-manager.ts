import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { listen } from '../listen.js';

export const AWS_CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'CANARY-aws-secret-key' };
export const AWS_REGION = 'eu-central-1';

/** Answer to one request: the members of `GetSecretValue`, or the name of an error with its message. */
export type SecretAnswer =
  | { readonly SecretString: string }
  | { readonly SecretBinary: string }
  | { readonly error: string; readonly message?: string; readonly status?: number };

/** Server with the JSON 1.1 protocol of AWS Secrets Manager. Checks signatures. */
export class FakeSecretsManager {
  /** Names of the secrets that were asked for. */
  readonly asked: string[] = [];
  /** Returns the answer for a name; undefined for none at all. */
  answer: (name: string) => SecretAnswer | undefined = () => ({ error: 'ResourceNotFoundException' });
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  #port = 0;

  static async start(): Promise<FakeSecretsManager> {
    const fake = new FakeSecretsManager();
    fake.#port = await listen(fake.#server);
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { SecretId: name } = JSON.parse(body) as { SecretId: string };
    this.asked.push(name);
    const answer = await this.#answerTo(request, body, name);
    if (!answer) return;
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if ('error' in answer) {
      const { error, message = 'No.', status = 400 } = answer;
      response.writeHead(status).end(JSON.stringify({ __type: error, message }));
    } else response.end(JSON.stringify({ Name: name, VersionStages: ['AWSCURRENT'], ...answer }));
  }

  async #answerTo(request: IncomingMessage, body: string, name: string): Promise<SecretAnswer | undefined> {
    const { headers } = request;
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
      return { error: 'UnknownOperationException' };
    if (headers['content-type'] !== 'application/x-amz-json-1.1') return { error: 'SerializationException' };
    if (!(await isSigned(request, body))) return { error: 'InvalidSignatureException' };
    return this.answer(name);
  }
}

/** Whether a request is signed with the credentials, for the region and the service. */
async function isSigned({ headers, method, url }: IncomingMessage, body: string): Promise<boolean> {
  const signed = /SignedHeaders=([^,]+)/.exec(String(headers.authorization))?.[1]?.split(';') ?? [];
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? [];
  const signer = new SignatureV4({
    credentials: AWS_CREDENTIALS,
    region: AWS_REGION,
    service: 'secretsmanager',
    sha256: Sha256,
  });
  const expected = await signer.sign(
    {
      method: method!,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: url!,
      query: {},
      headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
      body,
    },
    { signingDate: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) },
  );
  return expected.headers['authorization'] === headers.authorization;
}

/** Hash in the form that the signer asks for. */
class Sha256 {
  #hash: Hash | Hmac;

  constructor(secret?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = createHash('sha256');
  }
}
