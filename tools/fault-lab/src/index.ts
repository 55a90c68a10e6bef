export { EngineHost, FAULTS, type Fault } from './engine-host.js';
export { HostProxy, type HostState } from './host-proxy.js';
export { runAtRate, runScenario, successShare, type Outcome } from './run-scenario.js';
export { parseScenario, type HostEvent, type Scenario } from './scenario.js';
