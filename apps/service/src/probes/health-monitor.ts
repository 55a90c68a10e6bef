import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { HealthStatus, TimeSource } from '@quantumtrade/dal-domain';

const MAX_AGE_MS = 1_000;

/** The health of the data layer, asked for at most once a second, however many probes there are. */
export class HealthMonitor {
  readonly #database: Pick<DatabaseAbstraction, 'health'>;
  readonly #clock: TimeSource;
  #recent: { readonly since: number; readonly health: Promise<HealthStatus> } | undefined;

  constructor(database: Pick<DatabaseAbstraction, 'health'>, clock: TimeSource) {
    this.#database = database;
    this.#clock = clock;
  }

  health(): Promise<HealthStatus> {
    const now = this.#clock.now();
    const age = this.#recent === undefined ? Infinity : now - this.#recent.since;
    if (!(age >= 0 && age < MAX_AGE_MS)) this.#recent = { since: now, health: this.#database.health() };
    return this.#recent!.health;
  }
}
