import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { TimeSource } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-runtime';
import type { FastifyPluginAsync } from 'fastify';
import { readChart } from './chart.js';
import { chartQuery, completenessQuery, operationQuery } from './queries.js';
import { completeness, dataRange } from './completeness.js';
import { Overview } from './overview.js';
import { CachedAnswer } from './cached-answer.js';
import { SlowOperations } from './slow-operations.js';
import { addStaticFiles } from './static-files.js';

/** Parts of a dashboard. */
export interface DashboardParts {
  readonly database: DatabaseAbstraction;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const SYMBOLS_ARE_KEPT_MS = 60_000;
const hidden = { hide: true } as object;
/** State of the data layer: for tokens with the role `operate`. */
const operate = { config: { area: 'dashboard' }, schema: hidden } as const;
/** Stored rows: for tokens with the role `read`. */
const read = { config: { area: 'read' }, schema: hidden } as const;

/**
 * Creates a plugin with a page at `/dashboard` and its data under `/dashboard/api`. The files of the page are open, the data is
 * not. It changes nothing: every route is a GET that reads.
 */
export function dashboard({ database, clock = systemClock }: DashboardParts): FastifyPluginAsync {
  return async (app) => {
    const slow = new SlowOperations(clock);
    app.addHook('onClose', async () => slow.close());
    const overview = new Overview(database, clock);
    const symbols = new CachedAnswer(
      () => database.getAggregatedData({ groupBy: ['symbol'] }),
      SYMBOLS_ARE_KEPT_MS,
      clock,
    );
    await addStaticFiles(app);

    app.get('/dashboard/api/overview', operate, () => overview.read());
    app.get('/dashboard/api/slow', operate, async () => ({ operations: slow.list() }));
    app.get('/dashboard/api/explain', operate, async ({ query, call }) =>
      slow.explain(operationQuery(query).id, database.queryPlans, call),
    );
    app.get('/dashboard/api/symbols', read, async () => {
      const { data } = await symbols.get();
      return { symbols: data.map(({ group, count }) => ({ symbol: group.symbol, bars: count })) };
    });
    app.get('/dashboard/api/chart', read, async ({ query, call }) =>
      readChart(database, chartQuery(query), call),
    );
    app.get('/dashboard/api/completeness', read, async ({ query, call }) => {
      const range = await dataRange(database, completenessQuery(query), call);
      return completeness(database, range, call);
    });
  };
}
