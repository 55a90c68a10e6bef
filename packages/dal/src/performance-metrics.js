/** Returns the metrics of a data layer since it was opened. */
export function performanceMetrics(services, connectionCount) {
    const { p50, p95, p99, cacheHitRate, errorRate } = services.metrics.snapshot();
    const { l1Hits, l2Hits } = services.readThrough.stats();
    const endpoints = services.parts.timeSeries.probe.endpoints?.() ?? [];
    return {
        queryLatencyP50: p50,
        queryLatencyP95: p95,
        queryLatencyP99: p99,
        connectionCount,
        cacheHitRate,
        cacheL1Hits: l1Hits,
        cacheL2Hits: l2Hits,
        orphanSeconds: endpoints.reduce((sum, each) => sum + each.orphanSeconds, 0),
        errorRate,
    };
}
