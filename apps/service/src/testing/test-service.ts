import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { ConfigInput } from '@quantumtrade/dal-config';
import { defineConfig } from '@quantumtrade/dal-config';
import { composeDatabase } from '@quantumtrade/dal-container';
import type { LightMyRequestResponse } from 'fastify';
import type { Service, ServiceParts } from '../create-service.js';
import { createService } from '../create-service.js';

export const TEST_TOKENS = {
  reader: 'reader-token-0123456789',
  writer: 'writer-token-0123456789',
  operator: 'operator-token-0123456789',
};

const tokens = [
  { user: 'rita', roles: ['read'], token: TEST_TOKENS.reader },
  { user: 'walter', roles: ['read', 'write'], token: TEST_TOKENS.writer },
  { user: 'olga', roles: ['operate'], token: TEST_TOKENS.operator },
] as const;

/** A service over memory. */
export interface TestService extends Service {
  readonly database: DatabaseAbstraction;
  /** Requests a path as one of the users, `reader` unless said otherwise. */
  get(path: string, as?: keyof typeof TEST_TOKENS | null): Promise<LightMyRequestResponse>;
  post(path: string, body: unknown, as?: keyof typeof TEST_TOKENS | null): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

/** Opens a service over memory with three users. */
export async function openTestService(
  http: ConfigInput['http'] = {},
  parts: Partial<ServiceParts> | ((database: DatabaseAbstraction) => Partial<ServiceParts>) = {},
): Promise<TestService> {
  const config = defineConfig({
    backend: 'memory',
    http: { port: 0, tokens, stop: { drainDelayMs: 0, graceMs: 5_000 }, ...http },
  });
  const { database, close } = await composeDatabase(config);
  const given = typeof parts === 'function' ? parts(database) : parts;
  const created = await createService({ database, config: config.http, ...given });
  const headersOf = (as: keyof typeof TEST_TOKENS | null) =>
    as === null ? {} : { authorization: `Bearer ${TEST_TOKENS[as]}` };
  return {
    ...created,
    database,
    // An injected request is only sent when it is awaited.
    get: async (url, as = 'reader') => created.app.inject({ url, headers: headersOf(as) }),
    post: async (url, body, as = 'writer') =>
      created.app.inject({ method: 'POST', url, headers: headersOf(as), payload: body as object }),
    async close() {
      const closing = created.app.close();
      created.app.server.closeAllConnections();
      await closing;
      await close();
    },
  };
}
