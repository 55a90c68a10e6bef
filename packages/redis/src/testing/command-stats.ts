import type { Redis } from 'ioredis';

/** Returns how often a server has executed some commands since the last reset. */
export async function callsOf(redis: Redis, ...commands: string[]): Promise<number> {
  const stats = await redis.info('commandstats');
  return commands
    .map((command) => Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0))
    .reduce((sum, calls) => sum + calls, 0);
}

export async function resetCalls(nodes: readonly { readonly redis: Redis }[]): Promise<void> {
  await Promise.all(nodes.map(({ redis }) => redis.config('RESETSTAT')));
}
