import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { TestServer } from './servers.js';

const ATTEMPTS = 5;

/** A `redis-server` that keeps nothing on disk and ends with this process; undefined where none is on the PATH. */
export async function startRedisServer(): Promise<TestServer | undefined> {
  if (spawnSync('redis-server', ['--version']).error) return undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(await freePort());
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

const GUARDED =
  'exec 3<&0; redis-server "$@" </dev/null 3<&- & server=$!; (cat <&3; kill -9 $server) >/dev/null 2>&1 & wait $server';

/** The shell waits for the end of its standard input, which comes when this process ends, however that happens. */
async function startOn(port: number): Promise<TestServer> {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const guard = spawn('sh', ['-c', GUARDED, 'sh', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(guard, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    guard.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
    void ended.then(() => {
      guard.stdin.end();
      reject(new Error(`redis-server ended at once: ${said.slice(-500)}`));
    });
  });
  guard.stdout.resume();
  guard.unref();
  for (const stream of [guard.stdin, guard.stdout]) (stream as unknown as Socket).unref();
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      guard.ref();
      guard.stdin.end();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
