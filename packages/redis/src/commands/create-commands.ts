import type { RedisClients } from '../connection/redis-client.js';
import { manyKeyCommands } from './many-keys.js';
import type { RedisCommands } from './redis-commands.js';
import { ScriptCalls } from './script-calls.js';
import { findShards } from './shards.js';

/** Creates the adapter's commands: reads run on the replica where there is one, everything else on the master. */
export function createCommands({ master, replica, readsFallBack }: RedisClients): RedisCommands {
  const masterScripts = new ScriptCalls(master);
  const replicaScripts = replica && new ScriptCalls(replica);
  const reader = () => (replica && (replica.status === 'ready' || !readsFallBack) ? replica : master);
  return {
    get: (key) => reader().get(key),
    set: (key, value, unit, ttlMs) => master.set(key, value, unit, ttlMs),
    exists: (key) => reader().exists(key),
    ping: () => master.ping(),
    publish: (channel, message) => master.publish(channel, message),
    evaluate: (script, key, args) =>
      (script.readOnly && reader() === replica ? replicaScripts! : masterScripts).run(script, key, args),
    shards: () => findShards(master),
    ...manyKeyCommands(reader, master),
  };
}
