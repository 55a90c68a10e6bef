import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { z } from 'zod';
import type { TypedRoutes } from '../http/typed-routes.js';
import { answers } from '../records/answers.js';

const tags = ['operations'];

/** Adds the figures and reports of the data layer. */
export function addOperationRoutes(app: TypedRoutes, database: DatabaseAbstraction): void {
  app.get(
    '/v1/performance',
    {
      config: { area: 'operate', operation: 'performance' },
      schema: {
        tags,
        summary: 'Metrics of the data layer, and count, failures and latencies of each operation',
        response: answers(
          z.looseObject({ operations: z.record(z.string(), z.looseObject({ count: z.int() })) }),
          'The figures since the start',
        ),
      },
    },
    async () => ({
      ...(await database.getPerformanceMetrics()),
      operations: database.operationStatistics(),
    }),
  );
  app.get(
    '/v1/schema',
    {
      config: { area: 'operate', operation: 'schema.validate' },
      schema: {
        tags,
        summary: 'Version of the schema, and how the tables differ from the migrations',
        response: answers(z.looseObject({}), 'The report'),
      },
    },
    ({ call }) => database.validateSchema(call),
  );
}
