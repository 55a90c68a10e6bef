import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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

it('ends with its parent, also when that is killed', async () => {
  const script = `
    const { startRedisServer } = await import('${new URL('./redis-server.ts', import.meta.url)}');
    process.stdout.write((await startRedisServer()).url);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [url] = (await once(parent.stdout, 'data')) as [Buffer];
  const { hostname, port } = new URL(url.toString());
  parent.kill('SIGKILL');
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  while (await answers()) await sleep(20);
});
