import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { AuditTrail } from '@quantumtrade/dal-audit-trail';
import type { DalConfig } from '@quantumtrade/dal-config';
import { Container, ContainerModule } from 'inversify';
import { closePart } from './closing.js';
import { bindAuditTrail } from './modules/audit.js';
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
  /** Closes the data layer, then the audit trail and an engine that was started for it, as `container.unbindAllAsync()`. */
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
      return memoryModule(config);
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
  const { auditTrail: trailInPlace } = options;
  if (trailInPlace) {
    for (const token of [TOKENS.AuditTrail, TOKENS.AuditActor]) await container.unbindAsync(token);
    await container.loadAsync(new ContainerModule((load) => bindAuditTrail(load, trailInPlace)));
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
          await closePart(database);
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
