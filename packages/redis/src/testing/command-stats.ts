import type { Redis } from 'ioredis';

/** How often a server was called by any of some commands since it last forgot. */
export async function callsOf(redis: Redis, ...commands: string[]): Promise<number> {
  const stats = await redis.info('commandstats');
  return commands
    .map((command) => Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0))
    .reduce((sum, calls) => sum + calls, 0);
}

export async function forgetCalls(nodes: readonly { readonly redis: Redis }[]): Promise<void> {
  await Promise.all(nodes.map(({ redis }) => redis.config('RESETSTAT')));
}
