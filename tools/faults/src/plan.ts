/** What a run draws its random moments and sizes from; `QT_SEED` repeats one. */
export const SEED = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const SHORT = {
  engineKills: 1,
  writerKills: 2,
  stallMs: 2_000,
  /** How long the store may take to answer one attempt while it stalls. */
  requestTimeoutMs: 700,
  /** Each of eight batches at once. */
  lostAnswerRounds: 5,
  gatewayRounds: 5,
  /** Of one missing key, each with so many callers. */
  stampedeProcesses: 2,
  stampedeCallers: 1_000,
  stampedeRounds: 3,
  readingProcesses: 2,
  /** Of each connection of each process. */
  cuts: 12,
  cutsWithoutTracking: 6,
  /** Of a cluster's masters and of one that Sentinels watch. */
  failovers: 1,
  /** After a failover changes must be told and keys readable again so soon; the short form asks only that it is. */
  backWithinMs: 10_000,
  /** Of each kind. */
  outages: 1,
  longestOutageMs: 600,
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
  outages: 10,
  longestOutageMs: 6_000,
};

/** How much a run does: the short form, or the long one with `QT_FAULTS=long`. */
export const PLAN = process.env['QT_FAULTS'] === 'long' ? LONG : SHORT;
