export {
  PrometheusProcess,
  hasPrometheus,
  promtool,
  type PrometheusOptions,
  type PrometheusSample,
} from './prometheus-process.js';
