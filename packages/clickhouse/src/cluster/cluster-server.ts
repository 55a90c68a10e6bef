import type { DatabaseError } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { allOf } from '@quantumtrade/dal-runtime';
import type { Sql } from '../connection/sql.js';

/** A server of a cluster. */
export interface ClusterServer {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  /** Number of the shard that it has a copy of. */
  readonly shard: string;
  /** Statements that all go to this server. */
  readonly sql: Sql;
}

/** Answers of the servers of a cluster, in the order of the configuration. */
export interface ServerAnswers<S, T> {
  readonly answered: readonly { readonly server: S; readonly answer: T }[];
  readonly unreachable: readonly { readonly server: S; readonly error: DatabaseError }[];
}

/** Asks all servers at once. Rejects with an error that says nothing about whether the server can be reached. */
export async function askServers<S, T>(
  servers: readonly S[],
  ask: (server: S) => Promise<T>,
): Promise<ServerAnswers<S, T>> {
  const results = await Promise.allSettled(servers.map((server) => ask(server)));
  const answered: { server: S; answer: T }[] = [];
  const unreachable: { server: S; error: DatabaseError }[] = [];
  for (const [index, result] of results.entries()) {
    const server = servers[index]!;
    if (result.status === 'fulfilled') answered.push({ server, answer: result.value });
    else if (saysUnreachable(result.reason)) unreachable.push({ server, error: result.reason });
    else throw result.reason;
  }
  return { answered, unreachable };
}

const saysUnreachable = (error: unknown): error is DatabaseError =>
  isDatabaseError(error) && (error.code === 'CONNECTION' || error.code === 'TIMEOUT');

/** Works on all at once, and waits for all. Then rejects with the first failure, if there is one. */
export async function onAll<S>(items: readonly S[], work: (item: S) => Promise<void>): Promise<void> {
  await allOf(items.map(work));
}

/** Returns the servers of each shard, or each server by itself where servers do not copy rows to each other. */
export function copyGroups<S extends { readonly shard: string }>(
  servers: readonly S[],
  copies: 'replicated' | 'written',
): S[][] {
  return copies === 'written' ? servers.map((server) => [server]) : byShard(servers);
}

/** Returns the servers of each shard. */
export function byShard<S extends { readonly shard: string }>(servers: readonly S[]): S[][] {
  const shards = new Set(servers.map(({ shard }) => shard));
  return [...shards].map((shard) => servers.filter((server) => server.shard === shard));
}

/** Returns servers in the order in which every process takes their locks. */
export const inLockOrder = <S extends { readonly name: string }>(servers: readonly S[]): S[] =>
  servers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
