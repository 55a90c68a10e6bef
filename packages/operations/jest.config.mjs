export { withServers as default } from '../../jest.preset.mjs';
