import { requireObject, ValidationError } from '@quantumtrade/dal-domain';
import { completeSettings } from '@quantumtrade/dal-runtime';
import { ShardLayout } from '../cluster/shard-layout.js';
import type {
  ClickHouseSettings,
  ClusterSettings,
  CompleteEndpoint,
  CompleteSettings,
  EndpointSettings,
} from '../settings.js';
import { CLICKHOUSE_SETTINGS } from '../settings.js';

const operation = 'clickhouse.connect';

const refuse = (field: string, reason: string): never => {
  throw new ValidationError(field, reason, { operation });
};

/**
 * Returns the settings with their defaults, and at least one endpoint. Throws `ValidationError` for one that is unknown or wrong,
 * without repeating it.
 */
export function completeClickHouseSettings(settings: ClickHouseSettings): CompleteSettings {
  const given = requireObject('settings', settings, operation) as ClickHouseSettings;
  const hasEndpoints = given.endpoints !== undefined && given.endpoints.length !== 0;
  if (given.url !== undefined || !hasEndpoints) requireAddress('url', given.url);
  const complete = completeSettings(CLICKHOUSE_SETTINGS, given, refuse);
  if (!/^\w[\w-]*$/.test(complete.database)) refuse('database', 'must be made of letters, digits, _ and -');
  const { percentile, afterMs } = complete.hedge;
  if (percentile > 99) refuse('hedge.percentile', 'must be 99 or less');
  if (percentile > 0 && afterMs > 0) refuse('hedge.afterMs', 'must be 0 beside a percentile');
  requireLayout(complete.cluster?.layout);
  const endpoints = hasEndpoints ? given.endpoints : [{ url: complete.url }];
  return {
    ...complete,
    url: new URL(complete.url).origin,
    endpoints: completeEndpoints(endpoints, complete.tls !== undefined, complete.cluster),
  };
}

/** Throws `ValidationError` unless there is a layout for every month, and each begins after the one before. */
function requireLayout(layout: ClusterSettings['layout'] | undefined): void {
  if (!layout) return;
  if (layout.length === 0) refuse('cluster.layout', 'must have an entry');
  if (layout[0]!.from !== '')
    refuse('cluster.layout.0.from', 'must be left out, because the first entry holds for all earlier months');
  const late = layout.findIndex(({ from }, index) => index > 0 && from <= layout[index - 1]!.from);
  if (late >= 0) refuse(`cluster.layout.${late}.from`, 'must be later than that of the entry before');
}

/**
 * Returns endpoints with their defaults. Throws `ValidationError` for a wrong one, for two of one address, for none, with settings of
 * TLS for one without TLS, and for a shard of the cluster without one.
 */
export function completeEndpoints(
  given: readonly EndpointSettings[],
  hasTls: boolean,
  cluster?: ClusterSettings,
): readonly CompleteEndpoint[] {
  if (!Array.isArray(given) || given.length === 0)
    refuse('endpoints', 'must be a list of one endpoint or more');
  const complete = completeSettings(ENDPOINTS, { endpoints: given }, refuse).endpoints.map((each, index) => ({
    ...each,
    url: requireAddress(`endpoints.${index}.url`, each.url),
  }));
  if (hasTls && complete.some(({ url }) => url.startsWith('http:'))) refuse('tls', 'needs https addresses');
  const urls = complete.map(({ url }) => url);
  const repeated = urls.findIndex((url, index) => urls.indexOf(url) < index);
  if (repeated >= 0) refuse(`endpoints.${repeated}.url`, 'must differ from the other addresses');
  if (complete.every(({ role }) => role === 'replica')) {
    refuse('endpoints', 'must have a primary or a backup, because replicas take no writes');
  }
  if (cluster) requireShards(cluster, complete);
  return complete;
}

/** Throws `ValidationError` unless every shard of the layout has an endpoint, and written copies are all primaries. */
function requireShards({ copies, layout }: ClusterSettings, endpoints: readonly CompleteEndpoint[]): void {
  for (const [index, { shard, role }] of endpoints.entries()) {
    if (!/^[1-9]\d*$/.test(shard))
      refuse(`endpoints.${index}.shard`, 'must be a number from 1 on, because there is a cluster');
    if (copies === 'written' && role !== 'primary')
      refuse(`endpoints.${index}.role`, 'must be primary, because every copy is written');
  }
  for (const shard of new ShardLayout(layout).shards) {
    if (!endpoints.some((each) => each.shard === String(shard) && each.role !== 'replica'))
      refuse('endpoints', `must have a primary of shard ${shard}, which cluster.layout names`);
  }
}

const ENDPOINTS = { endpoints: CLICKHOUSE_SETTINGS.endpoints } as const;

/** Returns the scheme, host and port of an address. */
function requireAddress(field: string, address: unknown): string {
  const url = URL.canParse(address as string) ? new URL(address as string) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.pathname !== '/') {
    refuse(field, 'must be an http or https address without credentials or a path');
  }
  return url!.origin;
}
