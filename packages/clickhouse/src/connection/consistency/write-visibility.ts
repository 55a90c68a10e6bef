import type { AcknowledgedWrite, CallOptions, StoreReadOptions } from '@quantumtrade/dal-domain';
import {
  ConnectionError,
  isDatabaseError,
  records,
  TimeoutError,
  ValidationError,
  writesToSee,
} from '@quantumtrade/dal-domain';
import { Backoff, Deadline, sleep, systemClock } from '@quantumtrade/dal-runtime';
import { SharedReads } from '../../read/shared-reads.js';
import type { AcceptsEndpoint, PickRequest } from '../endpoints/endpoint-picker.js';

/** A server that can be made to have the writes of its replicas. */
export interface SyncedEndpoint {
  readonly name: string;
  readonly shard: string;
  /**
   * Resolves when a table has everything that any of its replicas had acknowledged when the call began. Rejects with an error that
   * is not retryable where the server cannot do that, e.g. because the table is not replicated.
   */
  syncReplica(database: string, table: string, options: CallOptions): Promise<void>;
}

/** The servers that reads may go to. */
export interface SyncedEndpoints {
  /** Whether there are several shards, so that the tables of a server may have their rows elsewhere. */
  readonly hasSeveralShards: boolean;
  /** Throws `ConnectionError` when no endpoint can be used. */
  pick(request: PickRequest<SyncedEndpoint>, operation: string): SyncedEndpoint;
  /** Whether an endpoint can be used that was not tried. */
  hasUntried(request: PickRequest<SyncedEndpoint>): boolean;
  /** Returns the servers of a shard that are in use. */
  healthyCopiesOf(shard: string): readonly SyncedEndpoint[];
}

/** Tables that a read is of. */
export interface TablesToRead {
  /** Database that has the rows of a server's shard. */
  readonly database: string;
  /** Shard whose rows are read. @default those of every shard that the server's tables read */
  readonly shard?: string | undefined;
  /** Whether the rows are read from all shards of a cluster, at copies that the server chooses. @default false */
  readonly isDistributed?: boolean;
}

/** Longest wait for one server, after which another one is asked (milliseconds). */
const SYNC_MS = 2_000;
const BACKOFF = { initialDelayMs: 20, maxDelayMs: 500 };
/** Writes that are remembered for each server. */
const MAX_SEEN = 1_000;
/** Times that a read begins anew after its server broke the connection. */
const MAX_MOVES = 10;

interface Search {
  readonly tables: TablesToRead;
  readonly operation: string;
  readonly writes: readonly AcknowledgedWrite[];
  /** Servers that may be made to have them. */
  readonly mayAsk: AcceptsEndpoint;
  /** Whether they are where the read goes. */
  readonly isVisible: () => boolean;
  /** Names of servers whose connection broke. */
  readonly broken: Set<string>;
  /** Servers that cannot be made to have them, and why. */
  readonly refusals: Map<string, string>;
}

/**
 * Finds servers on which a write is visible. The server that acknowledged it has it, and is asked nothing. Any other server of the
 * shard has to fetch first what its replicas have; the writes that it is known to have are remembered.
 */
export class WriteVisibility {
  readonly #endpoints: SyncedEndpoints;
  readonly #timeoutMs: number;
  readonly #isEverywhere: boolean;
  readonly #syncs: SharedReads<true>;
  readonly #seen = new WeakMap<Pick<SyncedEndpoint, 'name'>, Set<string>>();

  /**
   * @param timeoutMs time limit of a read without a deadline
   * @param isEverywhere whether every copy has a block before it is acknowledged
   */
  constructor(endpoints: SyncedEndpoints, timeoutMs: number, isEverywhere: boolean) {
    this.#endpoints = endpoints;
    this.#timeoutMs = timeoutMs;
    this.#isEverywhere = isEverywhere;
    this.#syncs = new SharedReads(timeoutMs);
  }

  /**
   * Runs a read where the writes of its `readAfter` are visible. When the server breaks the connection, runs it at another one, or at
   * the same one again.
   */
  async read<T>(
    tables: TablesToRead,
    operation: string,
    options: StoreReadOptions,
    run: (accepts: AcceptsEndpoint | undefined) => Promise<T>,
  ): Promise<T> {
    const broken = new Set<string>();
    for (let moves = 0; ; moves++) {
      const accepts = await this.endpointsFor(tables, operation, options, broken);
      try {
        return await run(accepts);
      } catch (error) {
        const isBroken = isDatabaseError(error) && error.code === 'CONNECTION' && error.retryable;
        if (!isBroken || moves === MAX_MOVES) throw error;
        if (error.endpoint !== undefined) broken.add(error.endpoint);
        if (!this.#canUse(({ name }) => !broken.has(name))) throw error;
      }
    }
  }

  /**
   * Resolves when one of the servers has the writes of `readAfter`, with a function that returns which do; undefined when any server
   * may answer. Those whose connection broke are set aside while others are asked.
   */
  async endpointsFor(
    tables: TablesToRead,
    operation: string,
    options: StoreReadOptions | undefined,
    broken: Set<string> = new Set(),
  ): Promise<AcceptsEndpoint | undefined> {
    if (options?.readAfter === undefined) return undefined;
    const { shard, isDistributed } = tables;
    const all = writesToSee(options.readAfter, operation);
    const writes = shard === undefined ? all : all.filter((write) => write.shard === shard);
    if (writes.length === 0 || this.#isEverywhere) return undefined;
    if (!isDistributed && writes.some((write) => write.shard !== writes[0]!.shard)) {
      throw new ValidationError('readAfter', 'names writes to several shards', { operation });
    }
    const search = { tables, operation, broken };
    if (isDistributed) {
      for (const each of new Set(writes.map((write) => write.shard))) {
        const own = writes.filter((write) => write.shard === each);
        const isVisible = () =>
          this.#endpoints.healthyCopiesOf(each).every((copy) => this.#has(copy, own, true));
        const mayAsk: AcceptsEndpoint = (copy) => !this.#has(copy, own, true);
        await this.#makeVisible({ ...search, writes: own, mayAsk, isVisible, refusals: new Map() }, options);
      }
      return undefined;
    }
    const accepts: AcceptsEndpoint = (endpoint) =>
      !broken.has(endpoint.name) && this.#has(endpoint, writes, shard !== undefined);
    const isVisible = () => this.#canUse(accepts);
    await this.#makeVisible(
      { ...search, writes, mayAsk: () => true, isVisible, refusals: new Map() },
      options,
    );
    return accepts;
  }

  #canUse(accepts: AcceptsEndpoint): boolean {
    return this.#endpoints.hasUntried({ purpose: 'read', tried: [], accepts });
  }

  /** @param isLocal whether the rows of the server's own tables are meant */
  #has(
    endpoint: Pick<SyncedEndpoint, 'name'>,
    writes: readonly AcknowledgedWrite[],
    isLocal: boolean,
  ): boolean {
    const seen = this.#seen.get(endpoint);
    // Where there are shards, tables may be `Distributed`: then any copy of a shard may answer for the rows of the server.
    const isOwn = isLocal || !this.#endpoints.hasSeveralShards;
    return writes.every((write) => (write.endpoint === endpoint.name && isOwn) || seen?.has(keyOf(write)));
  }

  async #makeVisible(search: Search, options: StoreReadOptions): Promise<void> {
    const { operation, writes, isVisible, broken } = search;
    const { signal, deadline: at = Date.now() + this.#timeoutMs, readAfterTimeoutMs = Infinity } = options;
    const tried: SyncedEndpoint[] = [];
    const deadline = new Deadline(
      { signal, deadline: Math.min(at, Date.now() + readAfterTimeoutMs) },
      (elapsedMs) => {
        const error = new TimeoutError(elapsedMs, { operation });
        const asked = tried.map(({ name }) => name).join(', ');
        error.message += `; the ${describe(writes)} is not at ${asked} yet`;
        return error;
      },
    );
    const backoff = new Backoff(BACKOFF);
    try {
      while (!isVisible()) {
        deadline.throwIfAborted();
        const endpoint = this.#pick(search, tried);
        if (!tried.includes(endpoint)) tried.push(endpoint);
        if (await this.#sync(endpoint, search, deadline)) continue;
        broken.clear();
        await sleep(backoff.next(), systemClock, deadline.signal);
      }
    } finally {
      deadline.end();
    }
  }

  /** Returns another server of the shard. Throws `ConnectionError` when none can be asked. */
  #pick(
    { operation, writes, mayAsk, broken, refusals }: Search,
    tried: readonly SyncedEndpoint[],
  ): SyncedEndpoint {
    const { shard } = writes[0]!;
    const accepts: AcceptsEndpoint = (endpoint) =>
      mayAsk(endpoint) && !broken.has(endpoint.name) && !refusals.has(endpoint.name);
    try {
      return this.#endpoints.pick({ purpose: 'read', tried, shard, accepts }, operation);
    } catch (error) {
      if (refusals.size === 0) {
        if (isDatabaseError(error)) error.message += `; the read has to see the ${describe(writes)}`;
        throw error;
      }
    }
    const reasons = Array.from(refusals, ([name, reason]) => `${name} (${reason})`).join(', ');
    throw new ConnectionError(`no server is known to have the ${describe(writes)}: ${reasons}`, {
      operation,
    });
  }

  /** Has a server fetch the writes. Returns whether it has them. */
  async #sync(
    endpoint: SyncedEndpoint,
    { tables: { database }, writes, refusals }: Search,
    deadline: Deadline,
  ): Promise<boolean> {
    const limits = {
      signal: deadline.signal,
      deadline: Math.min(deadline.at, Date.now() + SYNC_MS),
    };
    try {
      for (const record of new Set(writes.map((write) => write.record))) {
        const { table } = records[record];
        await this.#syncs.run(
          `${endpoint.name}/${database}/${table}`,
          'clickhouse.sync',
          limits,
          async (own) => {
            await endpoint.syncReplica(database, table, own ?? limits);
            return true;
          },
        );
      }
    } catch (error) {
      deadline.throwIfAborted();
      if (!isDatabaseError(error)) throw error;
      if (!error.retryable) refusals.set(endpoint.name, error.message);
      return false;
    }
    this.#remember(endpoint, writes);
    return true;
  }

  #remember(endpoint: SyncedEndpoint, writes: readonly AcknowledgedWrite[]): void {
    const seen = this.#seen.get(endpoint) ?? new Set();
    this.#seen.set(endpoint, seen);
    for (const write of writes) seen.add(keyOf(write));
    for (const oldest of seen) {
      if (seen.size <= MAX_SEEN) break;
      seen.delete(oldest);
    }
  }
}

const keyOf = ({ endpoint, shard, record, id }: AcknowledgedWrite): string =>
  `${endpoint} ${shard} ${record} ${id}`;

const describe = (writes: readonly AcknowledgedWrite[]): string =>
  `write acknowledged by ${[...new Set(writes.map(({ endpoint, record }) => `${endpoint} (${record})`))].join(', ')}`;
