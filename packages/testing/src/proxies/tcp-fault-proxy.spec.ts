import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { listen } from '../listen.js';
import { until } from '../until.js';
import { TcpFaultProxy } from './tcp-fault-proxy.js';

let server: Server;
let proxy: TcpFaultProxy;
let received: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  received = '';
  server = createServer((socket) => {
    sockets.push(socket);
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        received += String(chunk);
        socket.write(String(chunk).toUpperCase());
      });
  });
  proxy = await TcpFaultProxy.start(await listen(server));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.enter('closed');
  server.close();
});

function connectRaw(): Socket {
  const client = connect(Number(proxy.address.split(':')[1]), '127.0.0.1');
  sockets.push(client);
  return client;
}

const open = (): Socket => connectRaw().on('error', () => undefined);

it('TCP proxy forwards both directions', async () => {
  const client = open();
  client.write('hello');
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect([String(answer), received]).toEqual(['HELLO', 'hello']);
});

it.each([
  ['request', 'hel', 'HEL'],
  ['answer', 'hello', 'HEL'],
] as const)('TCP proxy cuts a connection within the %s', async (direction, arrived, answered) => {
  proxy.planCuts([{ direction, afterBytes: 3, how: 'end' }]);
  const client = open();
  client.write('hello');
  expect(await text(client)).toBe(answered);
  expect([received, proxy.plannedCuts]).toEqual([arrived, 0]);
});

it('TCP proxy resets the client when a cut says so', async () => {
  proxy.planCuts([{ direction: 'request', afterBytes: 3, how: 'reset' }]);
  const client = open();
  client.write('hello');
  await once(client, 'close');
  await until(() => received === 'hel');
});

it('TCP proxy holds up what a frozen client sends', async () => {
  const [frozen, other] = [open(), open()];
  await until(() => proxy.connections.length === 2);
  proxy.connections[0]!.freeze();
  frozen.write('lost');
  other.write('hello');
  await once(other, 'data');
  expect(received).toBe('hello');
});

it('TCP proxy discards what is sent and removes closed connections', async () => {
  const client = open();
  await until(() => proxy.connections.length === 1);
  proxy.connections[0]!.isDiscarding = true;
  client.write('lost');
  proxy.onChunk = () => proxy.connections[0]!.destroy();
  client.write('lost');
  await once(client, 'close');
  expect(received).toBe('');
  await until(() => proxy.connections.length === 0);
});

it('TCP proxy keeps delayed answers in order when the delay ends', async () => {
  const client = open();
  let answers = '';
  client.on('data', (chunk) => (answers += String(chunk)));
  const say = async (text: string) => {
    client.write(text);
    await until(() => received.endsWith(text));
  };
  proxy.answerDelayMs = 60_000;
  await say('a');
  await say('b');
  proxy.answerDelayMs = 0;
  await say('c');
  await until(() => answers === 'ABC');
});

it('TCP proxy lets nothing through in silence, and cuts what was open', async () => {
  const client = open();
  await until(() => proxy.connections.length === 1);
  await proxy.enter('silent');
  client.write('lost');
  const other = open();
  other.write('lost');
  await until(() => proxy.connections.length === 2);
  await proxy.enter('open');
  await Promise.all([once(client, 'close'), once(other, 'close')]);
  expect(received).toBe('');
});

it('TCP proxy refuses connections while closed, and keeps its port', async () => {
  await proxy.enter('closed');
  const [error] = (await once(connectRaw(), 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  await proxy.enter('open');
  const client = open();
  client.write('hello');
  expect(String((await once(client, 'data'))[0])).toBe('HELLO');
});

it('TCP proxy counts connections that it resets', async () => {
  await proxy.enter('resetting');
  const client = connectRaw();
  client.write('hello');
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  expect([error.code, proxy.resetCount, received]).toEqual(['ECONNRESET', 1, '']);
});
