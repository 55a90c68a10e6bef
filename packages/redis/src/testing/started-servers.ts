import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { SilentServer } from './silent-server.js';

const started: (() => unknown)[] = [];

/** Starts a server that `killServers` kills. */
export async function startRedis(...args: string[]): Promise<RedisProcess> {
  const server = await RedisProcess.start(...args);
  started.push(() => server.kill());
  return server;
}

/** Starts a server that accepts connections, answers nothing and is stopped by `killServers`. */
export async function startSilentServer(): Promise<SilentServer> {
  const server = await SilentServer.start();
  started.push(() => server.stop());
  return server;
}

/** Ends every server that a test has started. */
export async function killServers(): Promise<void> {
  await Promise.all(started.splice(0).map((end) => end()));
}
