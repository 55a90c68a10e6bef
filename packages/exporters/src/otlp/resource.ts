import type { Resource } from '@opentelemetry/resources';
import { loadPeer } from '@quantumtrade/dal-runtime';

/** Name of the service in metrics and spans where the environment (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`) has none. */
const SERVICE_NAME = 'quantumtrade-dal';

/** Returns the attributes of this process. */
export async function loadResource(purpose: string): Promise<Resource> {
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = await loadPeer(
    '@opentelemetry/resources',
    () => import('@opentelemetry/resources'),
    purpose,
  );
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
    .merge(detectResources({ detectors: [envDetector] }));
}
