import { OLDEST_TICK } from '@quantumtrade/dal-domain';
import { z } from 'zod';
import type { TypedRoutes } from '../http/typed-routes.js';
import { failures } from '../records/answers.js';
import { flag, list } from '../records/parameters.js';
import { positionsIn } from './event-ids.js';
import type { TickStreams } from './tick-streams.js';

/** TickPositions of all symbols are in the id of each event. */
const MAX_SYMBOLS = 50;

const DESCRIPTION =
  'Events "tick" with a bar whose decimals are exact strings, "gap" where ticks of a symbol may be missing, and "end" with the reason ' +
  '(stopping, slow-consumer, failed) as the last one. The id of an event, sent back as Last-Event-ID, continues after it.';

/** Adds the event stream of live ticks. */
export function addTickRoutes(app: TypedRoutes, streams: TickStreams): void {
  app.get(
    '/v1/ticks',
    {
      config: { area: 'read', operation: 'marketStream.subscribe', isEndless: true },
      schema: {
        tags: ['ticks'],
        summary: 'Live ticks as server-sent events',
        description: DESCRIPTION,
        headers: z.object({ 'last-event-id': z.string().optional() }),
        querystring: z.strictObject({
          symbol: list(z.string().min(1)).refine((symbols) => symbols.length <= MAX_SYMBOLS, {
            error: `must be at most ${MAX_SYMBOLS} symbols`,
          }),
          replay: flag.optional().meta({
            description:
              'true: begins with the ticks that are still there. Default false: begins with the next tick',
          }),
        }),
        response: {
          200: {
            description: 'The events',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...failures,
        },
      },
    },
    async ({ query: { symbol, replay }, headers }, reply) => {
      streams.requirePlace();
      const id = headers['last-event-id'];
      const known = id === undefined ? {} : positionsIn(id);
      const entries = symbol.flatMap((name) => {
        const position = Object.hasOwn(known, name) ? known[name] : replay ? OLDEST_TICK : undefined;
        return position === undefined ? [] : [[name, position] as const];
      });
      reply.hijack();
      const set = reply.getHeaders() as Record<string, string>;
      const own = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
      reply.raw.writeHead(200, { ...set, ...own });
      await streams.send(reply.raw, symbol, Object.fromEntries(entries));
    },
  );
}
