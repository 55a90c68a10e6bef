import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the data layer sent it, to be sent again. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Size of the answer on the wire. */
  answerBytes: number;
}

/**
 * Records the requests that a call makes, by standing between it and the server. Returns them in the order in which they
 * were sent.
 */
export async function recordRequests(
  serverUrl: string,
  call: (url: string) => Promise<unknown>,
): Promise<RecordedRequest[]> {
  const recorded: RecordedRequest[] = [];
  const proxy = http.createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request: RecordedRequest = { method, path, headers, body: Buffer.concat(chunks), answerBytes: 0 };
      recorded.push(request);
      send(serverUrl, request, new http.Agent(), (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.on('data', (chunk: Buffer) => (request.answerBytes += chunk.length));
        answer.pipe(outgoing);
      });
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    await call(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
  return recorded;
}

/** Returns the request with the largest answer. */
export const largest = (requests: readonly RecordedRequest[]): RecordedRequest =>
  requests.reduce((most, each) => (each.answerBytes > most.answerBytes ? each : most));

/** Sends a recorded request again, receives the answer and drops it. Returns its size. */
export async function receiveAndDrop(
  serverUrl: string,
  request: RecordedRequest,
  agent: http.Agent,
): Promise<number> {
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    send(serverUrl, { ...request, path: withoutQueryId(request.path) }, agent, resolve).once('error', reject);
  });
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await once(answer, 'end');
  if (answer.statusCode !== 200)
    throw new Error(`the recorded request was answered with ${answer.statusCode}`);
  return bytes;
}

function send(
  serverUrl: string,
  { method, path, headers, body }: RecordedRequest,
  agent: http.Agent,
  onAnswer: (answer: http.IncomingMessage) => void,
): http.ClientRequest {
  const { host: _, connection: __, 'transfer-encoding': ___, ...kept } = headers;
  const request = http.request(new URL(path, serverUrl), {
    agent,
    method,
    headers: { ...kept, 'content-length': body.length },
  });
  request.once('response', onAnswer);
  request.end(body);
  return request;
}

/** Removes the id: a server refuses a request whose id is that of one under way. */
const withoutQueryId = (path: string): string => path.replace(/([?&])query_id=[^&]*&?/, '$1');
