import { Container, type ContainerModule } from 'inversify';
import { closePart } from './closing.js';
import type { ComposedDatabase, DatabaseOptions } from './compose-database.js';
import { databaseModule } from './modules.js';
import { TOKENS } from './tokens.js';

/** An open data layer in a container. */
export interface OpenDatabase extends ComposedDatabase {
  /** Resolves the parts of the data layer, and whatever an application binds besides. */
  readonly container: Container;
}

/**
 * Opens a data layer over one backend module, in a container of its own. `openDatabase(memoryModule())` in a test and
 * `openDatabase(backendModule(config))` in a service are otherwise the same.
 */
export async function openDatabase(
  backend: ContainerModule,
  options: DatabaseOptions = {},
): Promise<OpenDatabase> {
  const container = new Container();
  await container.loadAsync(backend, databaseModule(options));
  try {
    const database = await container.getAsync(TOKENS.Database);
    const backends = await container.getAsync(TOKENS.BackendNames);
    const auditTrail = await container.getAsync(TOKENS.AuditTrail, { optional: true });
    const close = () => closePart(database).finally(() => container.unbindAllAsync());
    return { database, backends, auditTrail, container, close };
  } catch (error) {
    await container.unbindAllAsync();
    throw error;
  }
}
