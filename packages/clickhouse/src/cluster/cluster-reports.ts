import type {
  SchemaDrift,
  SchemaLoss,
  SchemaPreview,
  SchemaReport,
  SchemaStatus,
  SchemaStep,
} from '@quantumtrade/dal-domain';
import type { Migration } from '../schema/migration-files.js';
import type { ClusterSettings } from '../settings.js';
import { findProblems, type ClusterView } from './cluster-problems.js';
import type { ClusterServer, ServerAnswers } from './cluster-server.js';
import { findDivergentPaths, type KeeperPaths } from './keeper-paths.js';
import type { OutdatedTable } from './distributed-tables.js';

type Answered<T> = ServerAnswers<ClusterServer, T>['answered'];

/** Rows and bytes that one server reports. */
interface Stored {
  readonly rows: number;
  readonly bytes?: number | undefined;
}

/** Schema of one server, and its view on the cluster. */
interface ServerReport {
  readonly view: ClusterView;
  readonly report: SchemaReport;
  readonly outdated: readonly OutdatedTable[];
  readonly paths: KeeperPaths;
}

/** Returns the state of the schema on all servers: what is applied on each of them. */
export function mergeStatuses(
  { answered, unreachable }: ServerAnswers<ClusterServer, SchemaStatus>,
  migrations: readonly Migration[],
): SchemaStatus {
  const statuses = answered.map(({ answer }) => answer);
  const [first, ...others] = statuses;
  const applied = first!.applied.flatMap((entry) => {
    const same = others.map((status) => status.applied.find(({ version }) => version === entry.version));
    if (same.includes(undefined)) return [];
    const times = [entry, ...same].flatMap((each) => (each?.appliedAt ? [each.appliedAt.getTime()] : []));
    return [{ ...entry, appliedAt: new Date(Math.max(...times)) }];
  });
  const unfinished = answered.flatMap(({ server, answer }) =>
    answer.unfinished.map((entry) => ({ ...entry, server: server.name })),
  );
  const known = new Set([...applied, ...unfinished].map(({ version }) => version));
  return {
    version: Math.min(...statuses.map(({ version }) => version)),
    newest: migrations.length,
    applied,
    unfinished,
    pending: migrations
      .filter(({ version }) => !known.has(version))
      .map(({ version, name }) => ({ version, name })),
    servers: [
      ...answered.map(({ server: { name, shard }, answer: { version } }) => ({ name, shard, version })),
      ...unreachable.map(({ server: { name, shard }, error }) => ({ name, shard, error: error.message })),
    ],
  };
}

/** Returns the differences of all servers, each named. */
export function mergeReports(
  cluster: ClusterSettings,
  { answered, unreachable }: ServerAnswers<ClusterServer, ServerReport>,
): SchemaReport {
  const views = answered.map(({ server, answer: { view } }) => ({ server, answer: view }));
  const endpoints = [...answered, ...unreachable].map(({ server: { shard } }) => shard);
  const paths = answered.map(({ server, answer: { paths: answer } }) => ({ server, answer }));
  const drift: SchemaDrift[] = [
    ...unreachable.map(({ server, error }) => ({
      object: server.name,
      problem: `cannot be reached: ${error.message}`,
    })),
    ...findProblems(cluster, views, endpoints).map(({ server, problem }) => ({ object: server, problem })),
    ...answered.flatMap(({ server, answer: { report, outdated } }) =>
      [...report.drift, ...outdated.map(({ table, problem }) => ({ object: `table ${table}`, problem }))].map(
        ({ object, problem }) => ({ object: `${server.name}: ${object}`, problem }),
      ),
    ),
    ...findDivergentPaths(paths),
  ];
  const version = Math.min(...answered.map(({ answer: { report } }) => report.version));
  return { valid: drift.length === 0, version, drift };
}

/** Returns the effects of a move on all servers. */
export function mergePreviews({
  answered,
  unreachable,
}: ServerAnswers<ClusterServer, SchemaPreview>): SchemaPreview {
  const previews = answered.map(({ answer }) => answer);
  const refused = answered.find(({ answer: { refusal } }) => refusal !== undefined);
  const [missing] = unreachable;
  const refusal = missing
    ? `${missing.server.name} cannot be reached: ${missing.error.message}`
    : refused && `${refused.server.name}: ${refused.answer.refusal}`;
  return {
    from: Math.min(...previews.map(({ from }) => from)),
    to: Math.min(...previews.map(({ to }) => to)),
    isNew: unreachable.length === 0 && previews.every(({ isNew }) => isNew),
    losses: mergeLosses(answered.map(({ server, answer: { losses } }) => ({ server, answer: losses }))),
    ...(refusal !== undefined && { refusal }),
  };
}

/** Returns the same steps with the rows and bytes of all servers. */
export function mergePlans(answered: Answered<readonly SchemaStep[]>): SchemaStep[] {
  return answered[0]!.answer.map((_, index) => {
    const steps = answered.map(({ server, answer }) => ({ server, answer: answer[index]! }));
    const rewritten = steps.flatMap(({ server, answer: { rewrites } }) =>
      rewrites ? [{ server, answer: rewrites }] : [],
    );
    const { rows, bytes = 0 } = total(rewritten);
    // A server that has run the statement already rewrites nothing.
    const { answer: step } = steps.find(({ answer: { rewrites } }) => rewrites) ?? steps[0]!;
    return {
      ...step,
      rewrites: rewritten.length > 0 ? { rows, bytes } : undefined,
      losses: mergeLosses(steps.map(({ server, answer: { losses } }) => ({ server, answer: losses }))),
    };
  });
}

function mergeLosses(answered: Answered<readonly SchemaLoss[]>): SchemaLoss[] {
  const all = answered.flatMap(({ server, answer }) => answer.map((loss) => ({ server, answer: loss })));
  const objects = new Set(all.map(({ answer: { object } }) => object));
  return [...objects].map((object) => {
    const same = all.filter(({ answer }) => answer.object === object);
    return { object, change: same[0]!.answer.change, ...total(same) };
  });
}

/** Returns the rows of all shards, those of one copy each, and the bytes of all servers. */
function total(stored: Answered<Stored>): { rows: number; bytes?: number } {
  const rows = new Map<string, number>();
  let bytes: number | undefined = 0;
  for (const { server, answer } of stored) {
    rows.set(server.shard, Math.max(rows.get(server.shard) ?? 0, answer.rows));
    bytes = bytes === undefined || answer.bytes === undefined ? undefined : bytes + answer.bytes;
  }
  const sum = [...rows.values()].reduce((total, each) => total + each, 0);
  return { rows: sum, ...(bytes !== undefined && { bytes }) };
}
