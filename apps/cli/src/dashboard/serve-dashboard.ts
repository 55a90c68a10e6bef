import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { DalConfig } from '@quantumtrade/dal-config';
import { createService, dashboard } from '@quantumtrade/dal-service';

const HOST = '127.0.0.1';

/** A dashboard that is served. */
export interface ServedDashboard {
  /** Address of the page with a token in its fragment, which browsers do not send. */
  readonly url: URL;
  stop(): Promise<void>;
}

/**
 * Serves the dashboard of an open data layer on the loopback interface. Only the token in its address is accepted, and it may read
 * but not write.
 */
export async function serveDashboard(
  database: DatabaseAbstraction,
  config: DalConfig['http'],
  port: number,
): Promise<ServedDashboard> {
  const token = randomBytes(24).toString('base64url');
  const sha256 = createHash('sha256').update(token).digest('hex');
  const service = await createService({
    database,
    config: {
      ...config,
      host: HOST,
      port,
      open: [],
      authContexts: false,
      tokens: [{ user: 'dashboard', roles: ['read', 'operate'], token: undefined, sha256 }],
    },
    plugins: [dashboard({ database })],
  });
  const url = new URL('/dashboard', await service.listen());
  url.hash = `token=${token}`;
  return { url, stop: () => service.stop() };
}
