import { DatabaseAbstraction, type WriterSetup } from '@quantumtrade/dal';
import { openAuditTrail, type AuditTrail, type AuditTrailEvent } from '@quantumtrade/dal-audit-trail';
import type { AuditConfig, DalConfig } from '@quantumtrade/dal-config';
import type { AuditSink, CacheBackend, TimeSeriesBackend, TimeSource } from '@quantumtrade/dal-domain';
import type { BlockArchive, ReadBackupCondition } from '@quantumtrade/dal-domain/operations';
import {
  keysOf,
  requireClock,
  requireKnownKeys,
  requireObject,
  requireType,
  systemClock,
} from '@quantumtrade/dal-domain';
import type { BackendNames, EmbeddedStoresConfig, Stores } from './stores.js';
import { openEmbedded, openMemory, openServers } from './stores.js';

/** Options of a data layer besides its stores. */
export interface DatabaseOptions {
  /** @default the system's clock */
  clock?: TimeSource;
  /** Records every modification of data, in addition to the audit trail. @default none */
  audit?: AuditSink;
  /** The audit trail on this machine's disk. @default the configured one */
  auditTrail?: AuditConfig;
  /** Called when the audit trail could not record an entry, and when it was repaired. Must not throw. */
  onAuditTrailEvent?: (event: AuditTrailEvent) => void;
  /** The actor of audit entries. @default the audit trail's configured actor, else `unknown` */
  actor?: string;
}

/** A configuration. Without `embedded.dataDirectory`, the embedded engine's directory is temporary. */
export type CompositionConfig = Omit<DalConfig, 'embedded'> & EmbeddedStoresConfig;

/** An open data layer. */
export interface ComposedDatabase {
  readonly database: DatabaseAbstraction;
  readonly backends: BackendNames;
  /** Undefined where none is configured. */
  readonly auditTrail: AuditTrail | undefined;
  /** Stores buffered rows, closes the audit trail, the connections and the archive, and stops an engine that was started. */
  close(): Promise<void>;
}

/** Opens the configured data layer: stores, audit trail, facade. When a step fails, nothing is left open. */
export async function composeDatabase(
  config: CompositionConfig,
  options: DatabaseOptions = {},
): Promise<ComposedDatabase> {
  requireDatabaseOptions(options);
  const stores = await openStores(config, options.clock ?? systemClock);
  let auditTrail: AuditTrail | undefined;
  try {
    const audit = options.auditTrail ?? config.audit;
    auditTrail = await openTrail(audit, options.onAuditTrailEvent);
    const database = createDatabase({ ...stores, auditTrail, actor: audit.actor }, options);
    const closeBelow = () => closeAll(auditTrail, stores);
    return {
      database,
      backends: stores.names,
      auditTrail,
      close: () => database.close().finally(closeBelow),
    };
  } catch (error) {
    await closeAll(auditTrail, stores);
    throw error;
  }
}

/** Closes the stores even if the audit trail cannot be closed. */
const closeAll = (auditTrail: AuditTrail | undefined, stores: Stores): Promise<void> =>
  Promise.resolve(auditTrail?.close()).finally(() => stores.close());

/** Opens the stores of the configured backend. */
function openStores(config: CompositionConfig, clock: TimeSource): Stores | Promise<Stores> {
  switch (config.backend) {
    case 'clickhouse-redis':
      return openServers(config, clock);
    case 'embedded':
      return openEmbedded(config, clock);
    case 'memory':
      return openMemory(config, clock);
  }
}

/** Opens the audit trail of a configuration that has a directory; returns undefined for any other. */
export function openTrail(
  { directory, key }: Partial<AuditConfig>,
  onEvent: DatabaseOptions['onAuditTrailEvent'],
): Promise<AuditTrail> | undefined {
  if (directory === undefined) return undefined;
  return openAuditTrail({ directory, key: key?.reveal(), ...(onEvent && { onEvent }) });
}

/** The parts of a data layer. Without `writing` there are no batch writers. */
export interface OpenParts {
  readonly timeSeries: TimeSeriesBackend;
  readonly cache: CacheBackend;
  readonly writing?: WriterSetup | undefined;
  readonly auditTrail?: AuditTrail | undefined;
  readonly archive?: BlockArchive | undefined;
  readonly backupCondition?: ReadBackupCondition | undefined;
  /** The configured actor, which `options.actor` overrides. */
  readonly actor?: string | undefined;
}

/** Creates the facade over open parts. */
export function createDatabase(parts: OpenParts, options: DatabaseOptions): DatabaseAbstraction {
  const { timeSeries, cache, writing, archive, backupCondition, auditTrail } = parts;
  const sinks = [options.audit, auditTrail].filter((sink) => sink !== undefined);
  return new DatabaseAbstraction({
    timeSeries,
    cache,
    writing,
    archive,
    backupCondition,
    clock: options.clock ?? systemClock,
    audit: sinks.length > 1 ? allOf(sinks) : sinks[0],
    actor: options.actor ?? parts.actor,
  });
}

/** Returns a sink that records each entry in all sinks. */
const allOf = (sinks: readonly AuditSink[]): AuditSink => ({
  async record(entry) {
    await Promise.all(sinks.map((sink) => sink.record(entry)));
  },
});

const OPTIONS = keysOf<DatabaseOptions>({
  clock: true,
  audit: true,
  auditTrail: true,
  onAuditTrailEvent: true,
  actor: true,
});

/** Throws `ValidationError` naming an option that is wrong or unknown. */
export function requireDatabaseOptions(options: DatabaseOptions): void {
  const operation = 'database.open';
  requireKnownKeys(requireObject('options', options, operation), OPTIONS, operation);
  const { clock, actor, onAuditTrailEvent } = options;
  requireClock('clock', clock, operation);
  requireType('actor', actor, 'string', operation);
  requireType('onAuditTrailEvent', onAuditTrailEvent, 'function', operation);
}
