export { certificatePath } from './certificates.js';
export { type Child, killWithParent, printLine, startChild } from './child-process.js';
export { SimulatedDisk, type DiskFaults } from './disk/simulated-disk.js';
export { freePort } from './free-port.js';
export { listen } from './listen.js';
export { Random, seeds } from './random.js';
export { TestSecret } from './test-secret.js';
export { turn } from './turn.js';
export { until } from './until.js';
