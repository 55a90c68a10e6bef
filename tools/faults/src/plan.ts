/** Seed of a run's random moments and sizes. `QT_SEED` repeats a run. */
export const SEED = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const SHORT = {
  engineKills: 1,
  writerKills: 2,
  stallMs: 2_000,
  /** Request timeout during the stall. */
  requestTimeoutMs: 700,
  /** Rounds of eight concurrent batches. */
  lostAnswerRounds: 5,
  gatewayRounds: 5,
  /** Processes that read one missing key, each with `stampedeCallers` callers. */
  stampedeProcesses: 2,
  stampedeCallers: 1_000,
  stampedeRounds: 3,
  readingProcesses: 2,
  /** Cuts of each connection of each process. */
  cuts: 12,
  cutsWithoutTracking: 6,
  /** Failovers of a cluster and of Sentinels' master. */
  failovers: 1,
  /** Maximum time from a failover until all processes receive invalidations; generous in the short form. */
  backWithinMs: 10_000,
  /** Reads, and writes, while hosts fail. */
  readsPerSecond: 50,
  writesPerSecond: 5,
  /** Faults of each kind of a Redis, and how long each lasts. */
  redisFaults: 1,
  redisFaultMs: 1_000,
  /** Failures of a host while batches are written. */
  hostFailures: 12,
  /** Calls that are aborted or reach their deadline while their query runs. */
  killedQueries: 4,
  /** Maximum time from the end of such a call until the server has ended its query; generous in the short form. */
  killedWithinMs: 15_000,
  /** Rotations of the passwords of ClickHouse and Redis. */
  rotations: 2,
  /** Outages of each kind. */
  outages: 1,
  longestOutageMs: 600,
  /** Losses of the engine with its data, each within so long after the first backup and a second. */
  disasters: 1,
  disasterWithinMs: 1_000,
  /** Losses of all servers of a cluster. */
  clusterDisasters: 2,
  /** Kills of one copy of a shard under reads and writes, for each durability, and of a whole shard. */
  copyKills: 1,
  shardKills: 1,
};

const LONG: typeof SHORT = {
  engineKills: 20,
  writerKills: 50,
  stallMs: 120_000,
  requestTimeoutMs: 20_000,
  lostAnswerRounds: 200,
  gatewayRounds: 200,
  stampedeProcesses: 4,
  stampedeCallers: 10_000,
  stampedeRounds: 20,
  readingProcesses: 2,
  cuts: 1_000,
  cutsWithoutTracking: 300,
  failovers: 20,
  backWithinMs: 1_000,
  readsPerSecond: 200,
  writesPerSecond: 20,
  redisFaults: 3,
  redisFaultMs: 3_000,
  hostFailures: 125,
  killedQueries: 100,
  killedWithinMs: 1_000,
  rotations: 10,
  outages: 10,
  longestOutageMs: 6_000,
  disasters: 20,
  disasterWithinMs: 10_000,
  clusterDisasters: 20,
  copyKills: 20,
  shardKills: 10,
};

/** Extent of a run: short, or long with `QT_FAULTS=long`. */
export const PLAN = process.env['QT_FAULTS'] === 'long' ? LONG : SHORT;
