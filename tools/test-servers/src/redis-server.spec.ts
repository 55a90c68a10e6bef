import { connect } from 'node:net';
import { startRedisServer } from './redis-server.js';

it('runs until it is stopped', async () => {
  const server = (await startRedisServer())!;
  const { hostname, port } = new URL(server.url);
  const answer = await new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write('PING\r\n'));
    socket.once('data', (data) => resolve(String(data)) ?? socket.destroy());
  });
  expect(answer).toBe('+PONG\r\n');
  await server.stop();
  await new Promise((resolve) => connect(Number(port), hostname).once('error', resolve));
});
