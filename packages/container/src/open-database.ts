import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { AuditTrail } from '@quantumtrade/dal-audit-trail';
import type { DalConfig } from '@quantumtrade/dal-config';
import type { ContainerModule } from 'inversify';
import { Container } from 'inversify';
import { auditModule } from './modules/audit.js';
import { clickHouseRedisModule } from './modules/clickhouse-redis.js';
import type { DatabaseOptions } from './modules/database.js';
import { databaseModule } from './modules/database.js';
import { embeddedModule } from './modules/embedded.js';
import { memoryModule } from './modules/memory.js';
import type { BackendNames } from './tokens.js';
import { TOKENS } from './tokens.js';

/** A wired data layer. */
export interface OpenDatabase {
  readonly database: DatabaseAbstraction;
  readonly backends: BackendNames;
  /** Undefined where none is configured. */
  readonly auditTrail: AuditTrail | undefined;
  /** For what else an application binds and resolves. */
  readonly container: Container;
  /** Closes the connections and stops an engine that was started for this data layer. */
  close(): Promise<void>;
}

/** The module of the backend that the configuration names. */
export function backendModule(config: DalConfig): ContainerModule {
  switch (config.backend) {
    case 'clickhouse-redis':
      return clickHouseRedisModule(config);
    case 'embedded':
      return embeddedModule(config);
    case 'memory':
      return memoryModule();
  }
}

/**
 * The composition root: wires a data layer over one backend module.
 * `openDatabase(memoryModule())` in a test and `openDatabase(backendModule(config))` in a service are the same otherwise.
 */
export async function openDatabase(
  backend: ContainerModule,
  options: DatabaseOptions = {},
): Promise<OpenDatabase> {
  const container = new Container();
  await container.loadAsync(backend, databaseModule(options));
  if (options.auditTrail) {
    await container.loadAsync(auditModule(options.auditTrail, options.onAuditTrailEvent));
  }
  try {
    const database = await container.getAsync(TOKENS.Database);
    const backends = await container.getAsync(TOKENS.BackendNames);
    const auditTrail = await container.getAsync(TOKENS.AuditTrail, { optional: true });
    return {
      database,
      backends,
      auditTrail,
      container,
      async close() {
        try {
          await database.close();
        } finally {
          await container.unbindAllAsync();
        }
      },
    };
  } catch (error) {
    await container.unbindAllAsync();
    throw error;
  }
}
