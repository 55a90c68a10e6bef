import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type {
  AggregatedData,
  AggregationParams,
  CallOptions,
  GroupField,
  Interval,
  MeasureOf,
  Page,
  QueryParams,
  QueryResult,
  ReadOptions,
  RecordName,
} from '@quantumtrade/dal-domain';
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import { instantArgument } from '../instant-argument.js';
import { count, milliseconds, table } from '../output.js';
import { requireSchema } from '../schema.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';
import { positive } from './ingest.js';

interface QueryFlags extends CommonOptions {
  symbol?: string;
  symbols?: string[];
  start?: number;
  end?: number;
  limit: number;
  filter?: Record<string, string>;
  latest?: number;
  exact?: boolean;
  select?: string[];
  order?: QueryParams['order'];
  direction?: QueryParams['direction'];
  cursor?: string;
  interval?: Interval;
  groupBy?: GroupField[];
  record?: RecordName;
  measure?: MeasureOf<RecordName>;
  sources?: string;
  session?: string;
}

type Answer = QueryResult<object> | Page<object>;
type Options = ReadOptions<boolean>;

/** A subject of `query`: rows in a range, and the newest rows of one name where the record has them. */
interface Subject {
  find(
    database: DatabaseAbstraction,
    params: QueryParams & AggregationParams,
    options: Options,
  ): Promise<Answer>;
  latest?(database: DatabaseAbstraction, name: string, limit: number, options: Options): Promise<Answer>;
}

const SUBJECTS: Record<string, Subject> = {
  'market-data': {
    find: (database, params, options) => database.getMarketData(params, options),
    latest: (database, symbol, limit, options) => database.getLatestMarketData(symbol, limit, options),
  },
  sentiment: {
    find: (database, params, options) => database.sentiment.find(params, options),
    latest: (database, symbol, limit, options) => database.sentiment.latest(symbol, limit, options),
  },
  features: {
    find: (database, params, { signal }) => database.getFeatures(params, { signal }),
    latest: (database, symbol, _, { signal }) => latestFeatures(database, symbol, { signal }),
  },
  predictions: { find: (database, params, options) => database.predictions.find(params, options) },
  outcomes: { find: (database, params, options) => database.outcomes.find(params, options) },
  performance: {
    find: (database, params, options) => database.strategyPerformance.find(params, options),
  },
  aggregate: { find: (database, params, options) => database.getAggregatedData(params, options) },
};
const ONLY_AGGREGATE = ['interval', 'groupBy', 'record', 'measure', 'sources', 'session'] as const;
/** Flags of pages of rows. */
const ONLY_ROWS = ['select', 'order', 'direction', 'cursor'] as const;
const SHOWN_ROWS = 100;

export function addQuery(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('query')))
    .description('Read records, the newest rows of a symbol, or aggregates.')
    .addArgument(new Argument('<what>', 'record to read, or aggregate').choices(Object.keys(SUBJECTS)))
    .option('--symbol <symbol>', 'rows of this symbol')
    .option('--symbols <symbols>', 'rows of any of these, separated by commas', list)
    .option('--start <instant>', 'first instant included, e.g. 2008-10-01', instantArgument)
    .option('--end <instant>', 'first instant excluded', instantArgument)
    .option('--limit <rows>', 'row limit', positive, SHOWN_ROWS)
    .option('--filter <name=value>', 'equality by field, e.g. source=vendor; may be repeated', filter)
    .option('--latest <rows>', 'the newest rows of --symbol, newest first', positive)
    .option('--select <fields>', 'only these fields, separated by commas', list)
    .addOption(
      new Option('--order <order>', 'by timestamp, by the key of the record, or in any order').choices([
        'time',
        'key',
        'none',
      ]),
    )
    .addOption(
      new Option('--direction <direction>', 'of the whole order').choices(['ascending', 'descending']),
    )
    .option('--cursor <cursor>', 'the page after the one that named this cursor, of the same query')
    .option('--exact', 'decimals and 64-bit integers exactly')
    .option('--interval <width>', 'aggregate: width of a bucket, e.g. 5m, 1d, 1w, 1mo')
    .option('--group-by <fields>', 'aggregate: fields, separated by commas', list)
    .option(
      '--record <name>',
      'aggregate: marketData, sentiment, features, predictions, outcomes, strategyPerformance',
    )
    .option('--measure <field>', 'aggregate: field of count, min, max and avg')
    .option('--session <name>', 'aggregate: days of us-futures or us-equities, for --interval 1d or 1w')
    .option('--sources <how>', "aggregate: 'combine' adds up bars of several sources of one instant")
    .action((what: string, flags: QueryFlags) => {
      checkFlags(what, flags);
      return run(flags, async ({ open, output, signal }) => {
        const opened = await open();
        await requireSchema(opened, signal);
        const answer = await ask(opened.database, SUBJECTS[what]!, flags, signal);
        output.result(answer, () => describe(answer));
        return EXIT.ok;
      });
    });
}

function checkFlags(what: string, flags: QueryFlags): void {
  const isAggregate = what === 'aggregate';
  const misplaced = (isAggregate ? ONLY_ROWS : ONLY_AGGREGATE).find((name) => flags[name] !== undefined);
  if (misplaced) {
    const flag = misplaced === 'groupBy' ? 'group-by' : misplaced;
    throw new UsageError(
      `--${flag} ${isAggregate ? 'does not go with aggregate' : 'is for aggregate only'}.`,
    );
  }
  if (what === 'features' && flags.exact)
    throw new UsageError('--exact does not go with features: they are floating-point numbers.');
  if (what === 'features' && flags.select)
    throw new UsageError('--select does not go with features: they are read as sets.');
  if (flags.latest === undefined) return;
  if (!SUBJECTS[what]!.latest) throw new UsageError(`--latest does not go with ${what}: use --start.`);
  if (flags.symbol === undefined) throw new UsageError('--latest needs --symbol.');
  const other = (['symbols', 'start', 'end', 'filter', ...ONLY_ROWS] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (other) throw new UsageError(`--latest does not go with --${other}.`);
}

function ask(
  database: DatabaseAbstraction,
  subject: Subject,
  flags: QueryFlags,
  signal: AbortSignal,
): Promise<Answer> {
  const options: Options = { exact: flags.exact ?? false, signal };
  if (flags.latest !== undefined) return subject.latest!(database, flags.symbol!, flags.latest, options);
  const { symbol, symbols, limit, select, order, direction, cursor } = flags;
  const { interval, groupBy, record, measure, sources, session } = flags;
  const given = {
    ...{ symbol, symbols, startTime: flags.start, endTime: flags.end, limit, filters: flags.filter },
    ...{ select, order, direction, cursor },
    ...{ interval, groupBy, record, measure, sources, session },
  };
  const params = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return subject.find(database, params, options);
}

async function latestFeatures(
  database: DatabaseAbstraction,
  symbol: string,
  options: CallOptions,
): Promise<Answer> {
  const started = performance.now();
  const set = await database.getLatestFeatures(symbol, options);
  const executionTimeMs = performance.now() - started;
  const { cacheHitRate } = await database.getPerformanceMetrics();
  const data = set ? [set] : [];
  // This was the only look-up in the cache since the data layer was opened.
  return { data, totalCount: data.length, executionTimeMs, cacheHit: cacheHitRate === 1 };
}

function describe(answer: Answer): string {
  const { data, totalCount, executionTimeMs, cacheHit } = answer;
  const shown =
    totalCount !== null && data.length < totalCount
      ? `${count(data.length)} of ${count(totalCount)}`
      : count(data.length);
  const foot = [`${shown} rows in ${milliseconds(executionTimeMs)}${cacheHit ? ', from the cache' : ''}`];
  if ('nextCursor' in answer && answer.nextCursor !== null)
    foot.push(`next page: --cursor=${answer.nextCursor}`);
  return (data.length === 0 ? foot : [table(data.map(flat)), ...foot]).join('\n');
}

/** Returns the group and bar of an aggregate as columns; other records as they are. */
function flat(row: object): Record<string, unknown> {
  if (!('bar' in row)) return row as Record<string, unknown>;
  const { group, bar, intervalStart, ...figures } = row as AggregatedData<boolean>;
  return { intervalStart, ...group, ...figures, ...bar };
}

function filter(text: string, known: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Write name=value.');
  if (Object.hasOwn(known, name)) throw new InvalidArgumentError(`It gives ${name} twice.`);
  return { ...known, [name]: value! };
}

const list = (text: string): string[] => text.split(',');
