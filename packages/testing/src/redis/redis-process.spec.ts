import { once } from 'node:events';
import { connect } from 'node:net';
import { startChild } from '../child-process.js';
import { until } from '../until.js';
import { RedisProcess } from './redis-process.js';

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

it('a Redis process answers again after a kill and a start', async () => {
  const server = await RedisProcess.start();
  const socket = connect(server.port, '127.0.0.1', () => socket.write('PING\r\n'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toBe('+PONG\r\n');
  socket.on('error', () => undefined);
  await server.kill();
  expect([server.isRunning, await isListening(server.port)]).toEqual([false, false]);
  await server.start();
  expect([server.isRunning, await isListening(server.port)]).toEqual([true, true]);
  await server.kill();
});

it('a Redis process ends when its parent is killed', async () => {
  const parent = await startChild(new URL('../testing/redis-parent.ts', import.meta.url));
  const [port] = (await parent.started) as [string];
  expect(await isListening(Number(port))).toBe(true);
  parent.process.kill('SIGKILL');
  await until(async () => !(await isListening(Number(port))));
});
