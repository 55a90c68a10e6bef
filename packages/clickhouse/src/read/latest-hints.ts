/** Keys whose newest rows are looked for, each from some instant on. */
export interface HintedKeys<K> {
  /** By the text of each key. */
  readonly keys: ReadonlyMap<string, K>;
  /** Epoch milliseconds before which none of the newest rows is expected; undefined where nothing is known. */
  readonly since: number | undefined;
}

/** Instant of a key that has no rows. */
const NO_ROWS = -Infinity;
/** Keys that were updated this long before the newest one are looked up apart from it. */
const RECENT_MS = 3_600_000;
/** A few megabytes. Keys that are looked up rarely are forgotten first. */
const MAX_KEYS = 50_000;

/**
 * Remembers where the newest rows of keys were found. A query that looks only at later rows leaves older parts of the table alone.
 * A hint is never trusted: where it leads to too few rows, they are looked for without it.
 */
export class LatestHints {
  readonly #instants = new Map<string, number>();
  #newest: number | undefined;

  /** Remembers the instant of a key's last row that was found, of as many as were asked for; undefined when there were fewer. */
  learn(text: string, instant: number | undefined): void {
    this.#instants.delete(text);
    if (this.#instants.size >= MAX_KEYS) this.#instants.delete(this.#instants.keys().next().value!);
    this.#instants.set(text, instant ?? NO_ROWS);
    if (instant !== undefined && instant > (this.#newest ?? NO_ROWS)) this.#newest = instant;
  }

  /**
   * Divides keys into those that have recent rows, those that were not looked up before, those that have old rows only, and those
   * that had too few rows. No key makes the query of another one read older rows.
   */
  divide<K>(keys: ReadonlyMap<string, K>): HintedKeys<K>[] {
    const newest = this.#newest;
    if (newest === undefined) return [{ keys, since: undefined }];
    const recent = { keys: new Map<string, K>(), since: Infinity };
    const unknown = { keys: new Map<string, K>(), since: newest - RECENT_MS };
    const old = { keys: new Map<string, K>(), since: Infinity };
    const withoutRows = { keys: new Map<string, K>(), since: undefined };
    for (const [text, key] of keys) {
      const instant = this.#instants.get(text);
      if (instant === undefined) unknown.keys.set(text, key);
      else if (instant === NO_ROWS) withoutRows.keys.set(text, key);
      else {
        const group = instant >= newest - RECENT_MS ? recent : old;
        group.keys.set(text, key);
        group.since = Math.min(group.since, instant);
      }
    }
    const groups: HintedKeys<K>[] = [];
    for (const group of [recent, unknown, old, withoutRows]) if (group.keys.size > 0) groups.push(group);
    return groups;
  }
}
