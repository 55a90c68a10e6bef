import type { Redis } from 'ioredis';

/** A way in which a server takes no writes, and forgets what it had; and how it takes them again. */
export interface ReadOnly {
  readonly what: string;
  begin(admin: Redis): Promise<unknown>;
  end(admin: Redis): Promise<unknown>;
}

const setting = (what: string, name: string, value: string, usual: string): ReadOnly => ({
  what,
  begin: (admin) => admin.multi().flushall().config('SET', name, value).exec(),
  end: (admin) => admin.config('SET', name, usual),
});

export const READ_ONLY: readonly ReadOnly[] = [
  {
    what: 'is a replica',
    begin: (admin) => admin.multi().flushall().replicaof('127.0.0.1', '9').exec(),
    end: (admin) => admin.call('REPLICAOF', 'NO', 'ONE'),
  },
  setting('lacks replicas', 'min-replicas-to-write', '1', '0'),
  setting('is full', 'maxmemory', '1', '0'),
];
