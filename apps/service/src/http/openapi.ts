import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

const DESCRIPTION =
  'Read and write API of QuantumTrade DAL. Every failed request is answered with problem details (RFC 9457). ' +
  'Unknown parameters are refused.';

/** Publishes the routes that are added later as `/openapi.json`. */
export async function publishOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'QuantumTrade DAL', version: '1', description: DESCRIPTION },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get('/openapi.json', { config: { area: 'openapi' }, schema: { hide: true } as object }, () =>
    app.swagger(),
  );
}
