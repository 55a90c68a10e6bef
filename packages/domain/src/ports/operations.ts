import type { AuthContextStore } from '../realtime/auth-contexts.js';
import type { RealtimeValues } from '../realtime/realtime-values.js';
import type { SessionStore } from '../realtime/sessions.js';
import type { RecordDefinition } from '../records/definition.js';
import type { RecordName } from '../records/records.js';
import { records } from '../records/records.js';
import type { CacheBackend, TimeSeriesBackend } from './backends.js';
import type { RecordRepositories } from './record-repositories.js';

/** Defines how calls of one port method are observed. */
export interface OperationDescriptor {
  /** `write` changes data, `read` leaves it as it is. */
  readonly access: 'read' | 'write';
  /** Whether each call leaves an audit entry. */
  readonly isAudited: boolean;
  /** Form of the result: a promise, a stream of batches that lasts until its end, or a subscription, which has no duration. */
  readonly returns: 'promise' | 'stream' | 'subscription';
}

export const READ = { access: 'read', isAudited: false, returns: 'promise' } as const;

/** Returns an iterable of batches of rows. */
const STREAM = { access: 'read', isAudited: false, returns: 'stream' } as const;

/** Changes data, with one audit entry for each call. */
export const AUDITED_WRITE = { access: 'write', isAudited: true, returns: 'promise' } as const;

/** Changes a value that expires by itself within minutes. It leaves no audit entry. */
const UNAUDITED_WRITE = { access: 'write', isAudited: false, returns: 'promise' } as const;

/** Returns an iterable of later events. */
const SUBSCRIPTION = { access: 'read', isAudited: false, returns: 'subscription' } as const;

/**
 * The operations of a port, one for each of its methods: the compiler refuses a port method without one. An operation's name
 * is `<port>.<method>`, e.g. `marketData.insert`.
 */
export type Operations<Port> = {
  readonly [Method in keyof Port]: Port[Method] extends (...args: never[]) => AsyncIterable<unknown>
    ? typeof STREAM | typeof SUBSCRIPTION
    : typeof READ | typeof AUDITED_WRITE | typeof UNAUDITED_WRITE;
};

/** Ports whose calls are observed one by one, by the name that begins their operations' names. */
export type ObservedPorts = Omit<TimeSeriesBackend, 'blocks' | 'guarantees' | 'probe' | 'ingested'> &
  Pick<CacheBackend, 'cache' | 'marketStream' | 'rateLimiter'> & {
    readonly realtime: RealtimeValues;
    readonly sessions: SessionStore;
    readonly authContexts: AuthContextStore;
  };

/** The operations of each observed port. */
export type PortOperations = { readonly [Name in keyof ObservedPorts]: Operations<ObservedPorts[Name]> };

/** The operations of every method that the repository of a record may have. */
const RECORD_OPERATIONS: Readonly<
  Record<{ [N in RecordName]: keyof RecordRepositories[N] }[RecordName], OperationDescriptor>
> = {
  insert: AUDITED_WRITE,
  find: READ,
  stream: STREAM,
  streamColumns: STREAM,
  columns: READ,
  latest: READ,
  latestMany: READ,
  latestValue: READ,
  findById: READ,
  findByIds: READ,
  dueForEvaluation: READ,
};

/** Returns the operations of the methods that the repository of a record has. */
function recordOperations({ batch, latest, identifier, evaluate }: RecordDefinition) {
  const {
    latest: newest,
    latestMany,
    latestValue,
    findById,
    findByIds,
    dueForEvaluation,
    ...common
  } = RECORD_OPERATIONS;
  const isSet = batch.form === 'sets';
  return {
    ...common,
    ...((latest !== undefined || isSet) && { latest: newest, latestMany }),
    ...(isSet && { latestValue }),
    ...(identifier !== undefined && { findById, findByIds }),
    ...(evaluate !== undefined && { dueForEvaluation }),
  };
}

const operationsOfRecords = Object.fromEntries(
  Object.entries<RecordDefinition>(records).map(([name, definition]) => [name, recordOperations(definition)]),
) as Pick<PortOperations, RecordName>;

/** The operations of all observed ports. Those of records follow from their definitions. */
export const OPERATIONS: PortOperations = {
  ...operationsOfRecords,
  analytics: { aggregate: READ, lateBars: READ },
  backups: { snapshot: READ, createTarget: AUDITED_WRITE, promote: AUDITED_WRITE },
  checkpoints: { load: READ, save: AUDITED_WRITE },
  copies: { compare: READ, repair: AUDITED_WRITE },
  queryPlans: { explain: READ, explainAggregation: READ },
  schema: {
    initialize: AUDITED_WRITE,
    migrate: AUDITED_WRITE,
    baseline: AUDITED_WRITE,
    plan: READ,
    preview: READ,
    status: READ,
    validate: READ,
    version: READ,
  },
  storage: { usage: READ, plan: READ, apply: AUDITED_WRITE },
  cache: {
    get: READ,
    getEntry: READ,
    getEntryOrSet: UNAUDITED_WRITE,
    getMany: READ,
    getEntries: READ,
    set: UNAUDITED_WRITE,
    setMany: UNAUDITED_WRITE,
    setIfNewer: UNAUDITED_WRITE,
    setIfUnchanged: UNAUDITED_WRITE,
    replaceIfNewer: UNAUDITED_WRITE,
    delete: UNAUDITED_WRITE,
    deleteMany: UNAUDITED_WRITE,
    deleteWhere: UNAUDITED_WRITE,
    exists: READ,
  },
  marketStream: { append: UNAUDITED_WRITE, recent: READ, subscribe: SUBSCRIPTION },
  rateLimiter: { consume: UNAUDITED_WRITE },
  realtime: {
    marketRegime: READ,
    setMarketRegime: UNAUDITED_WRITE,
    selectedStrategy: READ,
    setSelectedStrategy: UNAUDITED_WRITE,
    strategyPerformance: READ,
    setStrategyPerformance: UNAUDITED_WRITE,
    latestTick: READ,
    setLatestTick: UNAUDITED_WRITE,
  },
  sessions: { find: READ, list: READ, save: AUDITED_WRITE, end: AUDITED_WRITE },
  authContexts: { find: READ, save: AUDITED_WRITE, revoke: AUDITED_WRITE },
};
