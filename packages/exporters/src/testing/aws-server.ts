import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { listen } from '@quantumtrade/dal-testing';
import { SignatureV4 } from '@smithy/signature-v4';

export const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'CANARY-aws-secret' };
export const REGION = 'eu-central-1';

/** A call with a right signature. */
export interface AwsCall {
  /** Name of the operation, e.g. `PutLogEvents`. */
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Bytes of the body before it was compressed. */
  readonly bytes: number;
}

/** Error of a service by its name, e.g. `ThrottlingException`. */
export interface AwsError {
  readonly error: string;
}

/** Small server with the JSON protocols of AWS, which checks the signature of each call. */
export interface AwsServer {
  readonly url: string;
  /** Answered calls, the latest last; those with an error as answer are among them. */
  readonly calls: AwsCall[];
  /** Answers a call. @default an empty object */
  answer: (call: AwsCall) => object | AwsError | Promise<object | AwsError>;
  close(): Promise<void>;
}

/** Starts a server for one service, e.g. `logs`, and gives the SDK its credentials through the environment. */
export async function startAwsServer(service: string): Promise<AwsServer> {
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
  const calls: AwsCall[] = [];
  const http = createServer((request, response) => {
    void (async () => {
      const given = Buffer.concat(await request.toArray());
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(given) : given;
      const isSigned = await hasSignature(request, given, service);
      const call: AwsCall = {
        operation: String(request.headers['x-amz-target']).split('.')[1]!,
        body: JSON.parse(body.toString()) as AwsCall['body'],
        bytes: body.length,
      };
      if (isSigned) calls.push(call);
      const answer = isSigned ? await server.answer(call) : { error: 'InvalidSignatureException' };
      const isError = 'error' in answer;
      response.writeHead(isError ? 400 : 200, { 'content-type': request.headers['content-type'] });
      response.end(JSON.stringify(isError ? { __type: answer.error, message: answer.error } : answer));
    })();
  });
  const server: AwsServer = {
    url: `http://127.0.0.1:${await listen(http)}`,
    calls,
    answer: () => ({}),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** SHA-256, or an HMAC with it, in the form that the signer uses. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {}
}

/** Returns whether a request has the signature that its secret makes. */
async function hasSignature(request: IncomingMessage, body: Buffer, service: string): Promise<boolean> {
  const { authorization = '', host } = request.headers;
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? [];
  const date = String(request.headers['x-amz-date']).replace(
    /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  const [hostname, port] = host!.split(':');
  const signer = new SignatureV4({ service, region: REGION, credentials: CREDENTIALS, sha256: Sha256 });
  const expected = await signer.sign(
    {
      method: request.method!,
      protocol: 'http:',
      hostname: hostname!,
      port: Number(port),
      path: request.url!,
      query: {},
      headers: Object.fromEntries(signed.map((name) => [name, String(request.headers[name])])),
      body,
    },
    { signingDate: new Date(date), signableHeaders: new Set(signed) },
  );
  return expected.headers['authorization'] === authorization;
}
