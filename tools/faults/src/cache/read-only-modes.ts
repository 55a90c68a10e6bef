import type { Redis } from 'ioredis';

/** Puts a server into a state in which it is empty and refuses writes, and ends that state. */
export interface ReadOnlyMode {
  readonly name: string;
  begin(admin: Redis): Promise<unknown>;
  end(admin: Redis): Promise<unknown>;
}

const setting = (name: string, key: string, value: string, normal: string): ReadOnlyMode => ({
  name,
  begin: (admin) => admin.multi().flushall().config('SET', key, value).exec(),
  end: (admin) => admin.config('SET', key, normal),
});

export const READ_ONLY_MODES: readonly ReadOnlyMode[] = [
  {
    name: 'is a replica',
    begin: (admin) => admin.multi().flushall().replicaof('127.0.0.1', '9').exec(),
    end: (admin) => admin.call('REPLICAOF', 'NO', 'ONE'),
  },
  setting('lacks replicas', 'min-replicas-to-write', '1', '0'),
  setting('is full', 'maxmemory', '1', '0'),
];
