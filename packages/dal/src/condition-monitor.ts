import type { BackendProbe, CallOptions, ServerCondition, TimeSource } from '@quantumtrade/dal-domain';

/** Time for which conditions are kept: probes of an orchestrator come every few seconds, from every process. */
const RECENT_MS = 10_000;

/** Asks the servers of a store for their conditions, and keeps the last answer for a short time. */
export class ConditionMonitor {
  readonly #probe: BackendProbe;
  readonly #clock: TimeSource;
  #last: { readonly at: number; readonly servers: Promise<readonly ServerCondition[]> } | undefined;

  constructor(probe: BackendProbe, clock: TimeSource) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Returns the conditions of the last ten seconds, or asks; undefined for a store without conditions, and when it fails. */
  async recent(options: CallOptions): Promise<readonly ServerCondition[] | undefined> {
    if (!this.#probe.conditions) return undefined;
    const now = this.#clock.now();
    if (!this.#last || Math.abs(now - this.#last.at) >= RECENT_MS) {
      this.#last = { at: now, servers: this.#probe.conditions(options) };
    }
    const asked = this.#last;
    const servers = await asked.servers.catch(() => undefined);
    const isKnown = servers?.every(({ error }) => error === undefined);
    if (!isKnown && this.#last === asked) this.#last = undefined;
    return servers;
  }
}
