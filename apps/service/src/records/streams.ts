import { Readable } from 'node:stream';
import { arrowStream } from '@quantumtrade/dal-arrow';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { losslessJson } from '../http/lossless-json.js';
import { ARROW, NDJSON, streamAnswers } from './answers.js';
import { streamQuery } from './parameters.js';
import type { RecordRoute } from './record-route.js';
import { repositoryOf } from './repository.js';
import { rowSchemas } from './row-schemas.js';
import type { TypedRoutes } from '../http/typed-routes.js';

/** Adds all matching rows of a record as a stream: NDJSON, or Arrow where the client accepts it. */
export function addStream(
  app: TypedRoutes,
  { name, definition, url, database, streamTimeoutMs }: RecordRoute,
): void {
  app.get(
    `${url}/stream`,
    {
      config: { area: 'read', operation: `${name}.stream`, timeoutMs: streamTimeoutMs },
      schema: {
        tags: [name],
        summary: 'All matching rows, in constant memory',
        description: `NDJSON, one row a line, or with "Accept: ${ARROW}" an Arrow IPC stream, whose values are always exact.`,
        headers: z.object({ accept: z.string().optional() }),
        querystring: streamQuery(definition),
        response: streamAnswers(rowSchemas(definition).item),
      },
    },
    ({ query: { params, options }, headers, call }, reply) => {
      if (headers.accept?.includes(ARROW)) {
        const { readAfter } = options;
        const bytes = arrowStream(database, name, params, { ...call, ...(readAfter && { readAfter }) });
        return sendAll(reply, ARROW, bytes);
      }
      const batches = repositoryOf(database, name).stream(params, { ...options, ...call });
      return sendAll(reply, NDJSON, linesOf(batches));
    },
  );
}

async function* linesOf(batches: AsyncIterable<object[]>): AsyncGenerator<string> {
  for await (const rows of batches) yield rows.map((row) => `${losslessJson(row)}\n`).join('');
}

/**
 * Sends chunks as the client takes them. A failure before the first chunk is answered as a problem; a later one cuts the response
 * off. The iteration is left when the client leaves.
 */
async function sendAll(
  reply: FastifyReply,
  contentType: string,
  chunks: AsyncIterable<string | Uint8Array>,
): Promise<FastifyReply> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<string | Uint8Array> {
    try {
      for (let chunk = first; !chunk.done; chunk = await iterator.next()) yield chunk.value;
    } finally {
      await iterator.return?.();
    }
  }
  return reply.type(contentType).send(Readable.from(all(), { objectMode: false }));
}
