export * from './manual-clock.js';
export * from './time-series.js';
