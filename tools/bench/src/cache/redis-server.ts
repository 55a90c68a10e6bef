import { testRedis } from '@quantumtrade/dal-test-servers';
import { Redis } from 'ioredis';
import type { Server } from '../bench.js';

export interface RedisServer extends Server {
  readonly url: string;
}

/** The Redis that all sides of a bench share. Nothing but keys with an end is written to it. */
export async function startRedisServer(): Promise<RedisServer> {
  const { url, stop } = await testRedis();
  const client = new Redis(url);
  const [, version] = /redis_version:(\S+)/.exec(await client.info('server')) ?? [];
  await client.quit();
  return { url, engine: `Redis ${version}`, stop };
}
