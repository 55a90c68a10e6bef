import type { MissingReport, QueryResult } from '@quantumtrade/dal-domain';
import { z } from 'zod';
import { RefusedRequest } from '../http/refused-request.js';
import { aggregate, answers, explanation, listOf, one, pageOf, resultOf } from './answers.js';
import {
  aggregatesQuery,
  dueQuery,
  explainQuery,
  identifierQuery,
  latestQuery,
  pageQuery,
} from './parameters.js';
import type { RecordRoute } from './record-route.js';
import { repositoryOf } from './repository.js';
import { rowSchemas } from './row-schemas.js';
import type { TypedRoutes } from '../http/typed-routes.js';

/** Adds the reads that a record has, apart from streams. */
export function addReads(app: TypedRoutes, record: RecordRoute): void {
  addPage(app, record);
  addLatest(app, record);
  addById(app, record);
  addDue(app, record);
  addAggregates(app, record);
}

interface Entries {
  readonly data: Map<string, object>;
}

const read = (operation: string) => ({ area: 'read', operation }) as const;

function addPage(app: TypedRoutes, { name, definition, url, database }: RecordRoute): void {
  const { item } = rowSchemas(definition);
  app.get(
    url,
    {
      config: read(`${name}.find`),
      schema: {
        tags: [name],
        summary: 'A page of the matching rows',
        querystring: pageQuery(definition),
        response: answers(pageOf(item), 'The page'),
      },
    },
    ({ query: { params, options }, call }) =>
      repositoryOf(database, name).find(params, { ...options, ...call }),
  );
  app.get(
    `${url}/explain`,
    {
      config: read('queryPlans.explain'),
      schema: {
        tags: [name],
        summary: 'How a page would be read, without reading it',
        querystring: explainQuery(definition),
        response: answers(explanation, 'The plan'),
      },
    },
    ({ query: { params }, call }) => database.queryPlans.explain(name, params, call),
  );
}

function addLatest(app: TypedRoutes, { name, definition, url, database }: RecordRoute): void {
  const repository = repositoryOf(database, name);
  if (!repository.latest) return;
  const { by, returns } = definition.latest ?? { by: 'symbol', returns: 'row' };
  const hasLimit = returns === 'rows';
  app.get(
    `${url}/latest`,
    {
      config: read(`${name}.latest`),
      schema: {
        tags: [name],
        summary: hasLimit ? `The newest rows by ${by}, newest first` : `The newest row by ${by}`,
        querystring: latestQuery(definition, by, hasLimit),
        response: answers(listOf(rowSchemas(definition).item), 'The rows in the order of the values'),
      },
    },
    async ({ query, call }) => {
      const {
        [by]: values,
        limit = 1,
        missingShards,
        ...options
      } = query as Readonly<Record<string, unknown>>;
      const mayLack = missingShards === 'allowed';
      const rest = { ...options, ...call, ...(mayLack && { missingShards: 'allowed' as const }) };
      const args = hasLimit ? ([limit as number, rest] as const) : ([rest] as const);
      const given = values as readonly string[];
      if (mayLack) {
        const { data, missing } = (await repository.latestMany!(given, ...args)) as Entries & MissingReport;
        return { data: [...data.values()].flat(), missing };
      }
      // A lookup of one value may be cached, and shares a query with others of its kind.
      if (given.length > 1) {
        const entries = (await repository.latestMany!(given, ...args)) as Entries['data'];
        return { data: [...entries.values()].flat() };
      }
      const found = await repository.latest!(given[0]!, ...args);
      return { data: hasLimit ? (found as QueryResult<object>).data : found ? [found] : [] };
    },
  );
}

function addById(app: TypedRoutes, { name, definition, url, database }: RecordRoute): void {
  const repository = repositoryOf(database, name);
  if (!repository.findById) return;
  app.get(
    `${url}/by-id/:id`,
    {
      config: read(`${name}.findById`),
      schema: {
        tags: [name],
        summary: `The row with this ${definition.identifier}`,
        params: z.object({ id: z.string() }),
        querystring: identifierQuery(definition),
        response: answers(one(rowSchemas(definition).item), 'The row'),
      },
    },
    async ({ params: { id }, query, call }) => {
      const data = await repository.findById!(id, { ...query, ...call });
      if (data === null)
        throw new RefusedRequest('NOT_FOUND', `there is no row with this ${definition.identifier}`);
      return { data };
    },
  );
}

function addDue(app: TypedRoutes, { name, definition, url, database, clock }: RecordRoute): void {
  const repository = repositoryOf(database, name);
  if (!repository.dueForEvaluation) return;
  app.get(
    `${url}/due`,
    {
      config: read(`${name}.dueForEvaluation`),
      schema: {
        tags: [name],
        summary: 'Rows that have fallen due and have no outcome yet',
        querystring: dueQuery(definition),
        response: answers(resultOf(rowSchemas(definition).item), 'The rows'),
      },
    },
    ({ query: { horizonMinutes, ...options }, call }) =>
      repository.dueForEvaluation!(horizonMinutes, Math.floor(clock.now()), { ...options, ...call }),
  );
}

function addAggregates(app: TypedRoutes, { name, definition, url, database }: RecordRoute): void {
  if (!definition.aggregate) return;
  app.get(
    `${url}/aggregates`,
    {
      config: read('analytics.aggregate'),
      schema: {
        tags: [name],
        summary: definition.aggregate.bars ? 'OHLCV bars and summaries' : 'Summaries by interval and group',
        querystring: aggregatesQuery(definition),
        response: answers(resultOf(aggregate), 'The aggregates'),
      },
    },
    ({ query: { params, options }, call }) =>
      database.getAggregatedData({ ...params, record: name }, { ...options, ...call }),
  );
}
