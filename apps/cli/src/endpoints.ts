import type { EndpointStatus } from '@quantumtrade/dal-domain';

/** Returns a line for each server where there are several, e.g. `ch-2:8123 replica healthy, 3 in use, 1 idle, 0 waiting, 2.1 ms`. */
export function describeEndpoints(endpoints: readonly EndpointStatus[] = []): string[] {
  if (endpoints.length < 2) return [];
  return endpoints.map(({ name, role, state, inUse, idle, waiting, latencyMs, quarantined, lastError }) =>
    [
      `${name} ${role} ${state}`,
      `${inUse} in use`,
      `${idle} idle`,
      `${waiting} waiting`,
      ...(quarantined > 0 ? [`${quarantined} held for orphaned queries`] : []),
      ...(latencyMs === null ? [] : [`${latencyMs.toFixed(1)} ms`]),
      ...(state === 'healthy' || lastError === null ? [] : [`last error ${lastError}`]),
    ].join(', '),
  );
}
