import { withServers } from '../../jest.preset.mjs';

/** The longest of all packages: its files run side by side, each in databases of its own. */
export default { ...withServers, maxWorkers: 2 };
