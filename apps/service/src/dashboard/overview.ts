import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { HealthStatus, TimeSource } from '@quantumtrade/dal-domain';
import { HealthMonitor } from '../probes/health-monitor.js';
import { measuredOf } from './measured.js';
import { CachedAnswer } from './cached-answer.js';

/** Section of the page that shows the cause of a degradation. */
type Section = 'cache' | 'endpoints' | 'journal' | 'schema' | 'storage';

const REPORTS_ARE_KEPT_MS = 30_000;
const DEAD_LETTERS_ARE_KEPT_MS = 15_000;
const DEAD_LETTERS_SHOWN = 20;

/** State of a data layer as the overview shows it. */
export class Overview {
  readonly #database: DatabaseAbstraction;
  readonly #clock: TimeSource;
  readonly #health: HealthMonitor;
  readonly #deadLetters: CachedAnswer<Awaited<ReturnType<typeof deadLettersOf>>>;
  readonly #schema: CachedAnswer<Awaited<ReturnType<DatabaseAbstraction['validateSchema']>>>;

  constructor(database: DatabaseAbstraction, clock: TimeSource) {
    this.#database = database;
    this.#clock = clock;
    this.#health = new HealthMonitor(database, clock);
    this.#deadLetters = new CachedAnswer(() => deadLettersOf(database), DEAD_LETTERS_ARE_KEPT_MS, clock);
    this.#schema = new CachedAnswer(() => database.validateSchema(), REPORTS_ARE_KEPT_MS, clock);
  }

  /** Reads the overview. A part that fails is an `error` in its place, so that the others are shown. */
  async read() {
    const database = this.#database;
    const [health, performance, schema, deadLetters, families] = await Promise.all([
      this.#health.health(),
      database.getPerformanceMetrics(),
      orError(this.#schema.get()),
      orError(this.#deadLetters.get()),
      database.metrics.collect(),
    ]);
    return {
      at: this.#clock.now(),
      live: database.isLive(),
      health,
      degradations: degradationsOf(health),
      performance,
      operations: database.operationStatistics(),
      schema,
      deadLetters,
      measured: measuredOf(families),
    };
  }
}

async function deadLettersOf(database: DatabaseAbstraction) {
  const letters = await database.deadLetters.list();
  return { count: letters.length, latest: letters.slice(-DEAD_LETTERS_SHOWN) };
}

/** Returns each reason with the section that has its details. */
function degradationsOf({ ready, degradedBy, clickhouseError, schemaVersion }: HealthStatus) {
  const reasons = [
    ...(clickhouseError === undefined ? [] : [`the store does not answer: ${clickhouseError}`]),
    ...(!ready && clickhouseError === undefined && schemaVersion === 0 ? ['the database has no schema'] : []),
    ...degradedBy,
  ];
  return reasons.map((reason) => ({ reason, section: sectionOf(reason) }));
}

/** Words of reasons, in the order in which they are looked for. */
const SECTIONS: readonly (readonly [RegExp, Section])[] = [
  [/cache|invalidations/, 'cache'],
  [/migrations|schema/, 'schema'],
  [/journaled|transactions/, 'journal'],
  [/disk|partition|mutation|is not \w+:/, 'storage'],
];

const sectionOf = (reason: string): Section =>
  SECTIONS.find(([words]) => words.test(reason))?.[1] ?? 'endpoints';

async function orError<T>(part: Promise<T>): Promise<T | { readonly error: string }> {
  try {
    return await part;
  } catch (error) {
    return { error: (error as Error).message };
  }
}
