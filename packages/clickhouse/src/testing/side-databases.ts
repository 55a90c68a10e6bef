import type { ClickHouseBackendOptions } from '../backend.js';
import type { OwnBackend, OwnSettings } from './own-backend.js';
import { openOwnBackend } from './own-backend.js';

/** Opens a backend of its own. Its close also drops the databases whose names begin with its own. */
export async function openWithSideDatabases(
  more: Partial<OwnSettings> = {},
  options?: ClickHouseBackendOptions,
): Promise<OwnBackend> {
  const own = await openOwnBackend(more, options);
  const { database } = own.settings;
  const server = own.sql.on('system');
  const close = async () => {
    const sides = await server.rows<{ name: string }>(
      'test',
      'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})',
      { prefix: `${database}_` },
    );
    for (const { name } of sides) {
      await server.command('test', 'DROP DATABASE IF EXISTS {name:Identifier} SYNC', { name });
    }
    await own.close();
  };
  return { ...own, close };
}
