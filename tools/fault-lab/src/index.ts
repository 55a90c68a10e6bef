export { beginAtRate, runAtRate, type CallRate, type Outcome } from './at-rate.js';
export { EngineHost } from './engine-host.js';
export { FAULTS, FaultyHost, REDIS_FAULTS, type Fault, type RedisFault } from './faulty-host.js';
export { RedisHost } from './redis-host.js';
export { runScenario, successShare, type ScenarioLoad } from './run-scenario.js';
export { parseScenario, type CallKind, type HostEvent, type Scenario } from './scenario.js';
