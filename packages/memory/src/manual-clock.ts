export { ManualClock } from '@quantumtrade/dal-runtime';
