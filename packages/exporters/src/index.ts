export {
  prometheusRenderer,
  type RenderedMetrics,
  type RenderMetrics,
} from './prometheus/prometheus-renderer.js';
export { prometheusName, type PrometheusName } from './prometheus/names.js';
