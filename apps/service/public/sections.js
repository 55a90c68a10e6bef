import { get } from './api.js';
import { byId, element, show, table } from './elements.js';
import { count, duration, instant, percent, size } from './format.js';

/** Shows the sections of the overview below its state. @param {any} overview */
export function showSections({ health, operations, schema, deadLetters, performance, measured }) {
  show('operations-body', latencies(operations));
  show('endpoints-body', endpoints(health.endpoints ?? []), breakers(measured.breakers));
  show('cache-body', ...cacheState(health.cache, performance), cacheLevels(measured.cache));
  show('journal-body', ...journal(health, measured.backlog), letters(deadLetters));
  show('schema-body', ...schemaState(health, schema));
  show('storage-body', storage(measured.storage));
}

/** @param {Record<string, any>} operations */
function latencies(operations) {
  const rows = Object.entries(operations)
    .map(([name, statistics]) => ({ name, ...statistics }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  return table({
    caption: 'Since the start, by number of calls',
    empty: 'No operation has run yet.',
    rows,
    columns: [
      { title: 'Operation', cell: ({ name }) => name },
      { title: 'Calls', number: true, cell: ({ count: calls }) => count(calls) },
      {
        title: 'Failed',
        number: true,
        cell: ({ errors }) => (errors ? element('span', { class: 'bad-text' }, count(errors)) : '0'),
      },
      { title: 'p50', number: true, cell: ({ p50 }) => duration(p50) },
      { title: 'p95', number: true, cell: ({ p95 }) => duration(p95) },
      { title: 'p99', number: true, cell: ({ p99 }) => duration(p99) },
      { title: 'Longest', number: true, cell: ({ max }) => duration(max) },
    ],
  });
}

/** @param {any[]} rows */
const endpoints = (rows) =>
  table({
    caption: 'Servers of the store',
    empty: 'The store has no servers: it runs in this process.',
    rows,
    columns: [
      { title: 'Server', cell: ({ name }) => name },
      { title: 'Role', cell: ({ role }) => role },
      { title: 'State', cell: ({ state }) => toned(state, state === 'healthy') },
      { title: 'In use', number: true, cell: ({ inUse, limit }) => `${count(inUse)} of ${count(limit)}` },
      { title: 'Waiting', number: true, cell: ({ waiting }) => count(waiting) },
      { title: 'Last error', cell: ({ lastError }) => lastError ?? '–' },
    ],
  });

/** @param {any[]} rows */
const breakers = (rows) =>
  table({
    caption: 'Breakers',
    empty: 'There is no breaker.',
    rows,
    columns: [
      { title: 'Breaker', cell: ({ name }) => name },
      { title: 'State', cell: ({ state }) => toned(state, state === 'closed') },
    ],
  });

/** @param {any} cache @param {any} performance */
const cacheState = (cache, performance) => [
  definitionList([
    ['Hit rate', percent(performance.cacheHitRate)],
    ['Reads', toned(cache.reads, cache.reads === 'made')],
    ['Writes', toned(cache.writes, cache.writes === 'made')],
    [
      'Invalidations',
      toned(cache.invalidationsConnected ? 'connected' : 'disconnected', cache.invalidationsConnected),
    ],
  ]),
];

/** @param {{ level: string, result: string, requests: number }[]} requests */
function cacheLevels(requests) {
  const levels = [...new Set(requests.map(({ level }) => level))];
  const rows = levels.map((level) => {
    const of = (/** @type {string} */ result) =>
      requests.find((each) => each.level === level && each.result === result)?.requests ?? 0;
    return { level, hits: of('hit'), misses: of('miss') };
  });
  return table({
    caption: 'Reads by level',
    empty: 'The cache was not read yet.',
    rows,
    columns: [
      { title: 'Level', cell: ({ level }) => level },
      { title: 'Hits', number: true, cell: ({ hits }) => count(hits) },
      { title: 'Misses', number: true, cell: ({ misses }) => count(misses) },
      {
        title: 'Hit rate',
        number: true,
        cell: ({ hits, misses }) => percent(hits + misses ? hits / (hits + misses) : null),
      },
    ],
  });
}

/** @param {any} health @param {any} backlog */
const journal = (
  { pausedDeliveries = [], transactions },
  { journaledBlocks, oldestSeconds, pendingBytes },
) => [
  definitionList([
    ['Blocks in the journal', count(journaledBlocks)],
    ['Age of the oldest', duration(oldestSeconds === null ? null : oldestSeconds * 1_000)],
    ['Waiting in writers', size(pendingBytes)],
    ['Transactions to apply', count(transactions?.pending ?? 0)],
  ]),
  ...pausedDeliveries.map((/** @type {any} */ { journaledBlocks: blocks, reason }) =>
    element('p', { class: 'bad-text' }, `Delivery of ${blocks} blocks is paused: ${reason}`),
  ),
];

/** @param {any} letters */
function letters({ error, latest }) {
  if (error) return element('p', { class: 'bad-text' }, `The dead letters cannot be read: ${error}`);
  return table({
    caption: 'Dead letters, the newest last',
    empty: 'There is no dead letter.',
    rows: latest,
    columns: [
      { title: 'Block', cell: ({ id }) => id },
      { title: 'Record', cell: ({ record }) => record ?? '–' },
      { title: 'Rows', number: true, cell: ({ rowCount }) => count(rowCount) },
      { title: 'Refused (UTC)', cell: ({ at }) => (at ? instant(at) : '–') },
      { title: 'Reason', wrap: true, cell: ({ reason }) => `${reason.code}: ${reason.message}` },
    ],
  });
}

/** @param {any} health @param {any} report */
const schemaState = ({ schemaVersion, pendingMigrations }, report) => [
  definitionList([
    ['Version', count(schemaVersion)],
    ['Pending migrations', toned(count(pendingMigrations), pendingMigrations === 0)],
    ['Drift', report.error ? 'not known' : toned(count(report.drift.length), report.drift.length === 0)],
  ]),
  report.error
    ? element('p', { class: 'bad-text' }, report.error)
    : table({
        caption: 'Differences from the migrations',
        empty: 'The tables are as the migrations make them.',
        rows: report.drift,
        columns: [
          { title: 'Object', cell: ({ object }) => object },
          { title: 'Problem', wrap: true, cell: ({ problem }) => problem },
        ],
      }),
];

/** @param {any[]} rows */
const storage = (rows) =>
  table({
    caption: 'Active parts on all servers. Rows count older versions until they are merged',
    empty: 'The storage is not measured for this store.',
    rows,
    columns: [
      { title: 'Table', cell: ({ table: name }) => name },
      { title: 'Rows', number: true, cell: ({ rows: stored }) => count(stored) },
      { title: 'Parts', number: true, cell: ({ parts }) => count(parts) },
      { title: 'Compressed', number: true, cell: ({ compressedBytes }) => size(compressedBytes) },
      { title: 'Uncompressed', number: true, cell: ({ uncompressedBytes }) => size(uncompressedBytes) },
      {
        title: 'Ratio',
        number: true,
        cell: ({ compressedBytes, uncompressedBytes }) =>
          compressedBytes ? `${(uncompressedBytes / compressedBytes).toFixed(1)} : 1` : '–',
      },
    ],
  });

/** Shows the slowest operations. @param {{ operations: any[] }} answer */
export function showSlow({ operations }) {
  show(
    'slow-body',
    table({
      caption: 'The slowest operations of the last hour in this process, with the shape of their parameters',
      empty: 'No operation has run since the dashboard was opened.',
      rows: operations,
      columns: [
        { title: 'Operation', cell: ({ operation }) => operation },
        { title: 'Took', number: true, cell: ({ durationMs }) => duration(durationMs) },
        { title: 'Rows', number: true, cell: ({ rows }) => count(rows) },
        { title: 'Ended (UTC)', cell: ({ at }) => instant(at) },
        { title: 'Parameters', wrap: true, cell: ({ params, error }) => shape(params, error) },
        { title: 'Plan', cell: (row) => (row.canExplain ? explainButton(row) : '–') },
      ],
    }),
  );
}

/** @param {Record<string, unknown> | null} params @param {string | null} error */
const shape = (params, error) =>
  [
    ...(error ? [`failed: ${error}`] : []),
    ...Object.entries(params ?? {}).map(
      ([name, value]) =>
        `${name} ${typeof value === 'number' && name.endsWith('Time') ? instant(value) : String(value)}`,
    ),
  ].join(', ') || '–';

/** @param {any} row */
const explainButton = ({ id, operation }) =>
  element(
    'button',
    { type: 'button', 'data-explain': String(id), 'aria-label': `Explain ${operation}` },
    'Explain',
  );

/** Explains an operation when its button is used. */
export function listenForExplain() {
  byId('slow-body').addEventListener('click', async (/** @type {any} */ event) => {
    const id = event.target.dataset.explain;
    if (!id) return;
    const plan = byId('plan');
    try {
      const { sql, rules } = await get('explain', { id });
      plan.replaceChildren(
        element('h3', {}, 'Query plan'),
        element('pre', {}, sql),
        element(
          'ul',
          {},
          ...rules.map((/** @type {any} */ { rule, why }) => element('li', {}, `${rule}: ${why}`)),
        ),
      );
    } catch (error) {
      plan.replaceChildren(element('p', { class: 'bad-text' }, /** @type {Error} */ (error).message));
    }
    plan.hidden = false;
    plan.focus();
  });
}

/** @param {string} text @param {boolean} isGood */
const toned = (text, isGood) => element('span', { class: isGood ? 'good-text' : 'bad-text' }, text);

/** @param {[string, string | Node][]} pairs */
const definitionList = (pairs) =>
  element(
    'table',
    {},
    element('caption', { class: 'visually-hidden' }, 'Figures'),
    element(
      'tbody',
      {},
      ...pairs.map(([name, value]) =>
        element('tr', {}, element('th', { scope: 'row' }, name), element('td', { class: 'number' }, value)),
      ),
    ),
  );
