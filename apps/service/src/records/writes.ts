import { validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answers, batchResult, writeReceipt } from './answers.js';
import { batchFromJson } from './batch-from-json.js';
import { flag } from './parameters.js';
import type { RecordRoute } from './record-route.js';
import { repositoryOf } from './repository.js';
import { rowSchemas } from './row-schemas.js';
import type { TypedRoutes } from '../http/typed-routes.js';

const buffered = flag.optional().meta({
  description:
    'true: the rows share blocks with those of other requests, for many small batches; answers a WriteReceipt. Default false: the batch is written by itself; answers a BatchResult',
});

/** Adds the write of a batch. */
export function addWrite(
  app: TypedRoutes,
  { name, definition, url, database, writeBuffered }: RecordRoute,
): void {
  app.post(
    url,
    {
      config: { area: 'write', operation: `${name}.insert` },
      // The data layer checks the rows, and refuses single ones; a schema would refuse the batch.
      validatorCompiler: (route) =>
        route.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(route as never),
      schema: {
        tags: [name],
        summary: 'Writes a batch; refused rows are reported with index, field and reason',
        querystring: z.strictObject({ buffered }),
        body: rowSchemas(definition).batch,
        response: answers(
          z.union([batchResult, writeReceipt]),
          'The outcome. The header Write-Token has the token for readAfter of later reads',
        ),
      },
    },
    async ({ query, body, call }, reply) => {
      const batch = batchFromJson(definition, body);
      const result = query.buffered
        ? await writeBuffered(name, batch, call)
        : await repositoryOf(database, name).insert(batch, call);
      if (result.writeToken !== null) reply.header('write-token', result.writeToken);
      return result;
    },
  );
}
