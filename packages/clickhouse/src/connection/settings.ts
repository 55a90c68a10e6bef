import { requireObject, ValidationError } from '@quantumtrade/dal-domain';
import { completeSettings } from '@quantumtrade/dal-runtime';
import type {
  ClickHouseSettings,
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
  const endpoints = hasEndpoints ? given.endpoints : [{ url: complete.url }];
  return {
    ...complete,
    url: new URL(complete.url).origin,
    endpoints: completeEndpoints(endpoints, complete.tls !== undefined),
  };
}

/**
 * Returns endpoints with their defaults. Throws `ValidationError` for a wrong one, for two of one address, for none, and with settings of
 * TLS for one without TLS.
 */
export function completeEndpoints(
  given: readonly EndpointSettings[],
  hasTls: boolean,
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
  return complete;
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
