export { systemClock, type TimeSource } from '@quantumtrade/dal-runtime';
