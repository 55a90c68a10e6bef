import { serverDegradations } from '@quantumtrade/dal';
import type { DalConfig, ExplainedSetting } from '@quantumtrade/dal-config';
import type { ComposedDatabase, ObjectStoreSettings } from '@quantumtrade/dal-container';
import type { ServerCondition } from '@quantumtrade/dal-domain';
import { isDatabaseError, unmetGuarantees } from '@quantumtrade/dal-domain';
import { archivedWriters, backupStatus } from '@quantumtrade/dal-operations';
import type { Command } from 'commander';
import { withBackupStore, withStore } from '../backup-store.js';
import { describeCache } from '../cache-state.js';
import { describeComparison, isAlike } from '../copies.js';
import type { ExitCode } from '../exit-codes.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { describeGuarantees } from '../guarantees.js';
import { describeRetention } from '../retention.js';
import { describeCondition } from '../server-condition.js';
import { table } from '../output.js';
import type { CommonOptions, RunSession, Session } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

interface Check {
  name: string;
  ok: boolean;
  /** The finding. */
  detail: string;
  /** The remedy of a failed check. */
  remedy?: string;
}

const CLOCK_SKEW_LIMIT_MS = 2_000;
const ANSWER_WITHIN_MS = 5_000;
const ARCHIVE_DELAY_LIMIT_MS = 300_000;
const COMPARED_WITHIN_MS = 30_000;

export function addDoctor(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('doctor')))
    .description('Check everything that the data layer needs, and print a remedy for each failure.')
    .action((options: CommonOptions) =>
      run(options, async (session) => {
        const { checks, settings, exitCode } = await examine(session);
        session.output.result({ ok: exitCode === EXIT.ok, checks, settings }, () =>
          [
            checks.map(line).join('\n'),
            ...(settings.length > 0 ? [table(settings.map((setting) => ({ ...setting })))] : []),
          ].join('\n\n'),
        );
        return exitCode;
      }),
    );
}

const line = ({ name, ok, detail, remedy }: Check): string =>
  `${ok ? 'ok    ' : 'FAILED'}  ${name}: ${detail}${remedy ? `\n        -> ${remedy}` : ''}`;

interface Examination {
  checks: Check[];
  /** Every value of the configuration with its origin; empty for an invalid configuration. */
  settings: readonly ExplainedSetting[];
  exitCode: ExitCode;
}

/** Runs the checks in order, up to a failed check that the others need. */
async function examine(session: Session): Promise<Examination> {
  const checks: Check[] = [];
  let exitCode: ExitCode = EXIT.ok;
  const add = (check: Check, code: ExitCode) => {
    checks.push(check);
    if (!check.ok && exitCode === EXIT.ok) exitCode = code;
  };
  /** Returns undefined when the step failed, and adds the failure to the checks. */
  const attempt = async <T>(name: string, remedy: string, step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      session.signal.throwIfAborted();
      add({ name, ok: false, detail: (error as Error).message, remedy }, exitCodeOf(error));
      return undefined;
    }
  };

  add(nodeCheck(), EXIT.failure);
  const explained = await attempt('configuration', 'correct the key it names', () =>
    session.explainedConfig(),
  );
  if (!explained) return { checks, settings: [], exitCode };
  const { config, settings } = explained;
  add(configurationCheck(settings, session.env), EXIT.usage);
  const opened = await attempt('store', storeRemedy(config), () => session.open());
  if (!opened) return { checks, settings, exitCode };
  const health = await opened.database.health();
  const { clickhouseHealthy, clickhouseError, redisHealthy, redisError, servers = [] } = health;
  add(
    {
      name: 'store',
      ok: clickhouseHealthy,
      detail: answer(opened.backends.timeSeries, clickhouseError),
      ...(!clickhouseHealthy && { remedy: storeRemedy(config) }),
    },
    EXIT.connection,
  );
  if (clickhouseHealthy) {
    const check = await attempt('schema', 'run `qtdal migrate`', () => schemaCheck(opened));
    if (check) add(check, EXIT.data);
    const kept = await attempt('guarantees', 'let the user read the system tables', () =>
      guaranteesCheck(opened),
    );
    if (kept) add(kept, EXIT.data);
    const retention = await attempt('retention', 'correct the setting it names', () =>
      retentionCheck(opened),
    );
    if (retention) add(retention, EXIT.usage);
    if (config.backend === 'clickhouse-redis' && config.clickhouse.cluster?.copies === 'written') {
      const alike = await attempt('shard copies', 'run `qtdal cluster compare`', () =>
        shardCopiesCheck(opened, session.signal),
      );
      if (alike) add(alike, EXIT.data);
    }
    for (const server of servers) add(conditionCheck(server), EXIT.failure);
    if (config.backend === 'clickhouse-redis') {
      for (const url of serversOf(config)) {
        const clock = await attempt('clock', `see that ${url} can be reached`, () => clockCheck(url));
        if (clock) add(clock, EXIT.failure);
      }
    }
  }
  if (config.backup.url !== undefined) {
    const remedy = 'see that the object store of backup.url can be reached, and its credentials';
    const backups = await attempt('backups', remedy, () => backupCheck(session));
    if (backups) add(backups, EXIT.data);
  }
  const { copy, ...first } = config.backup;
  if (copy) {
    const remedy = 'see that the object store of backup.copy.url can be reached, and its credentials';
    const check = await attempt('copies', remedy, () => copyCheck({ ...first, ...copy }, session.signal));
    if (check) add(check, EXIT.connection);
  }
  if (config.archive.directory !== undefined) {
    const archive = await attempt('archive', 'see that the object store of backup.url can be reached', () =>
      archiveCheck(session, config),
    );
    if (archive) add(archive, EXIT.data);
  }
  // By now the cache has had time to connect.
  const { cache } = await opened.database.health();
  add(
    {
      name: 'cache',
      ok: redisHealthy,
      detail: `${answer(opened.backends.cache, redisError)}${redisHealthy ? `; ${describeCache(cache)}` : ''}`,
      ...(!redisHealthy && { remedy: 'start Redis, or correct redis.url and its credentials' }),
    },
    EXIT.connection,
  );
  return { checks, settings, exitCode };
}

/** Names the backend with its origin, and variables with names similar to ours. */
function configurationCheck(settings: readonly ExplainedSetting[], env: NodeJS.ProcessEnv): Check {
  const backend = settings.find(({ key }) => key === 'backend')!;
  const unread = settings
    .map(({ key, origin }) => ({ name: key.toUpperCase().replaceAll('.', '_'), key, origin }))
    .filter(({ name, origin }) => origin === 'default' && env[name] !== undefined)
    .map(
      ({ name, key }) => `; ${name} is not read, QTDAL_${key.toUpperCase().replaceAll('.', '__')} would be`,
    );
  const detail = `backend ${backend.value} (${backend.origin})${unread.join('')}`;
  return { name: 'configuration', ok: true, detail };
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  return {
    name: 'node',
    ok,
    detail: `${process.version} on ${process.platform}-${process.arch}`,
    ...(!ok && { remedy: 'install Node 20.19 or later, or 22.12 or later' }),
  };
}

const storeRemedy = ({ backend }: DalConfig): string =>
  backend === 'embedded'
    ? 'see that no other process uses embedded.data_directory and that it can be written'
    : 'start ClickHouse, or correct clickhouse.url and its credentials';

const answer = (backend: string, error: string | undefined): string =>
  `${backend} ${error === undefined ? 'answers' : `does not answer: ${error}`}`;

async function schemaCheck({ database }: ComposedDatabase): Promise<Check> {
  const { valid, version, drift } = await database.validateSchema();
  return {
    name: 'schema',
    ok: valid,
    detail: [`version ${version}`, ...drift.map(({ object, problem }) => `${object}: ${problem}`)].join('; '),
    ...(!valid && { remedy: 'run `qtdal migrate`; what has drifted by hand must be undone by hand' }),
  };
}

async function guaranteesCheck({ database }: ComposedDatabase): Promise<Check> {
  const tables = await database.inspectGuarantees();
  const remedy = 'rows may be lost or counted twice: run `qtdal migrate`, or undo what was set by hand';
  return checkOf('guarantees', unmetGuarantees(tables), describeGuarantees(tables), remedy);
}

/** Compares the numbers of rows. Many rows are no failure: what was not compared in time is said. */
async function shardCopiesCheck({ database }: ComposedDatabase, signal: AbortSignal): Promise<Check> {
  const name = 'shard copies';
  try {
    const deadline = Date.now() + COMPARED_WITHIN_MS;
    const compared = await database.copies.compare({ content: false, signal, deadline });
    const ok = isAlike(compared) && compared.unreachable.length === 0;
    const remedy = 'run `qtdal cluster repair` (docs/operations/fill-a-copy.md)';
    return { name, ok, detail: describeComparison(compared).join('; '), ...(!ok && { remedy }) };
  } catch (error) {
    if (!isDatabaseError(error) || error.code !== 'TIMEOUT') throw error;
    const detail = `not compared within ${COMPARED_WITHIN_MS / 1_000} s: run \`qtdal cluster compare\``;
    return { name, ok: true, detail };
  }
}

/** Names tables whose retention is not as configured. That is no failure: retention is applied by hand. */
async function retentionCheck({ database }: ComposedDatabase): Promise<Check> {
  const plan = await database.storage.plan();
  const changed = describeRetention(plan.filter(({ statement }) => statement !== null));
  const configured = plan.some((each) => each.configured !== null);
  const detail = configured ? 'applied as configured' : 'rows are kept as they are';
  return { name: 'retention', ok: true, detail: changed.join('; ') || detail };
}

/** Names writers whose archive is not complete up to now: that is what restores to an instant can reach. */
async function archiveCheck({ signal, ...session }: Session, config: DalConfig): Promise<Check> {
  const writers = await withBackupStore(session.config, {}, (store) => archivedWriters(store, { signal }));
  const own = writers.filter(({ database }) => database === config.clickhouse.database);
  const late = own.filter(
    ({ isClosed, completeTo }) => !isClosed && Date.now() - completeTo.getTime() > ARCHIVE_DELAY_LIMIT_MS,
  );
  return checkOf(
    'archive',
    late.map(({ writer, completeTo }) => `writer ${writer} is complete to ${completeTo.toISOString()} only`),
    `${own.length} writers, all complete or less than ${ARCHIVE_DELAY_LIMIT_MS / 60_000} minutes behind`,
    'its health() has the reason; close one that ended for good with `qtdal archive retire`',
  );
}

async function backupCheck({ config, signal }: Session): Promise<Check> {
  const { problems, newestVerified, lastDrill } = await withBackupStore(config, {}, (store) =>
    backupStatus(store, { signal }),
  );
  const state = `${newestVerified?.id} is verified, a restore was drilled at ${lastDrill?.startedAt}`;
  const remedy =
    'run `qtdal backup create`, `verify` and `drill` every day (docs/operations/back-up-and-verify.md)';
  return checkOf('backups', problems, state, remedy);
}

/** Reads the first page of what the second store has. */
async function copyCheck(settings: ObjectStoreSettings, signal: AbortSignal): Promise<Check> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  return withStore(settings, async (store) => {
    await store.list('backups/', { signal, deadline })[Symbol.asyncIterator]().next();
    return { name: 'copies', ok: true, detail: `${store.location} answers` };
  });
}

function conditionCheck(server: ServerCondition): Check {
  const remedy = 'docs/health.md has the limits: free space, look at system.replicas, parts and mutations';
  return checkOf('condition', serverDegradations(server), describeCondition(server), remedy);
}

/** Returns a check that fails where there are problems. `state` describes what was checked where there are none. */
function checkOf(name: string, problems: readonly string[], state: string, remedy: string): Check {
  const ok = problems.length === 0;
  return { name, ok, detail: ok ? state : problems.join('; '), ...(!ok && { remedy }) };
}

const serversOf = ({ clickhouse: { url, endpoints } }: DalConfig): readonly string[] =>
  endpoints.length === 0 ? [url] : endpoints.map((endpoint) => endpoint.url);

async function clockCheck(url: string): Promise<Check> {
  const asked = Date.now();
  const response = await fetch(new URL('/ping', url), {
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const there = Date.parse(response.headers.get('date') ?? '');
  const server = `the server ${new URL(url).host}`;
  if (Number.isNaN(there)) return { name: 'clock', ok: true, detail: `${server} sends no time` };
  const skew = Math.round(there - (asked + Date.now()) / 2);
  const ok = Math.abs(skew) <= CLOCK_SKEW_LIMIT_MS;
  return {
    name: 'clock',
    ok,
    detail: `${server} is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead'}`,
    ...(!ok && { remedy: 'synchronise the clocks of both machines, e.g. with chrony' }),
  };
}
